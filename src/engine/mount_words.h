// The words that options of mounts are made of, and which of them exclude each other (mount(8), runtime-spec
// config.md). Inside the room only.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::engine {

inline constexpr std::array<std::string_view, 8> kPropagationWords = {
    "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"};

/// Options that exclude each other have the same topic; those without one may be combined.
enum class MountTopic { kNone, kAccess, kExec, kDev, kSuid, kAccessTime, kPropagation, kCount };

/// Collects the options of one mount, each once, and refuses what cannot be together.
class MountWords {
 public:
  Result<> add(std::string_view word, MountTopic topic);

  /// Adds `word` if it is an attribute that any mount can have ("ro", "rnosuid"); false: it is none.
  Result<bool> add_attribute(std::string_view word);

  /// Adds `word` if it is a propagation; false: it is none.
  Result<bool> add_propagation(std::string_view word);

  bool has(std::string_view word) const;
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
  std::array<std::string_view, static_cast<std::size_t>(MountTopic::kCount)> taken_ = {};
};

/// "unknown mount option 'roo'", with the nearest known one as hint.
Error unknown_mount_option(std::string_view word);

}  // namespace caisson::engine
