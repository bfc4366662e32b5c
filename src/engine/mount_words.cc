#include "engine/mount_words.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::engine {

namespace {

// What starts with an `r` before another word is the same for all that is mounted below (mount_setattr(2),
// AT_RECURSIVE).
struct Word {
  std::string_view word;
  MountTopic topic;
};
constexpr std::array kAttributes = {
    Word{"ro", MountTopic::kAccess},
    Word{"rw", MountTopic::kAccess},
    Word{"rro", MountTopic::kAccess},
    Word{"rrw", MountTopic::kAccess},
    Word{"exec", MountTopic::kExec},
    Word{"noexec", MountTopic::kExec},
    Word{"rnoexec", MountTopic::kExec},
    Word{"rexec", MountTopic::kExec},
    Word{"dev", MountTopic::kDev},
    Word{"nodev", MountTopic::kDev},
    Word{"rnodev", MountTopic::kDev},
    Word{"rdev", MountTopic::kDev},
    Word{"suid", MountTopic::kSuid},
    Word{"nosuid", MountTopic::kSuid},
    Word{"rnosuid", MountTopic::kSuid},
    Word{"rsuid", MountTopic::kSuid},
    Word{"noatime", MountTopic::kAccessTime},
    Word{"relatime", MountTopic::kAccessTime},
    Word{"strictatime", MountTopic::kAccessTime},
    Word{"atime", MountTopic::kAccessTime},
    Word{"rnoatime", MountTopic::kAccessTime},
    Word{"rrelatime", MountTopic::kAccessTime},
    Word{"rstrictatime", MountTopic::kAccessTime},
    Word{"nosymfollow", MountTopic::kNone},
    Word{"rnosymfollow", MountTopic::kNone},
    Word{"nodiratime", MountTopic::kNone},
    Word{"idmap", MountTopic::kNone},
    Word{"ridmap", MountTopic::kNone},
};

}  // namespace

Result<> MountWords::add(std::string_view word, MountTopic topic) {
  if (topic != MountTopic::kNone) {
    std::string_view& taken = taken_[static_cast<std::size_t>(topic)];
    if (taken == word) return {};
    if (!taken.empty()) return fail(complaint(fmt::format("'{}' and '{}' exclude each other", taken, word)));
    taken = word;
  }
  words_.emplace_back(word);
  return {};
}

Result<bool> MountWords::add_attribute(std::string_view word) {
  // The table's own text is kept: `taken_` outlives the caller's.
  for (const Word& known : kAttributes) {
    if (known.word != word) continue;
    TRY(add(known.word, known.topic));
    return true;
  }
  return false;
}

Result<bool> MountWords::add_propagation(std::string_view word) {
  const auto known = std::find(kPropagationWords.begin(), kPropagationWords.end(), word);
  if (known == kPropagationWords.end()) return false;
  TRY(add(*known, MountTopic::kPropagation));
  return true;
}

bool MountWords::has(std::string_view word) const {
  return std::find(words_.begin(), words_.end(), word) != words_.end();
}

Error unknown_mount_option(std::string_view word) {
  std::vector<std::string_view> known(kPropagationWords.begin(), kPropagationWords.end());
  for (const Word& attribute : kAttributes) known.push_back(attribute.word);
  const std::optional<std::string_view> near = nearest(word, known);
  return complaint(fmt::format("unknown mount option '{}'", word),
                   near ? fmt::format("did you mean '{}'?", *near) : std::string());
}

}  // namespace caisson::engine
