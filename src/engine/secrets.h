// Secrets: kept in files that their owner alone can read, shown to containers in memory, and nowhere else.
//
//   ROOT/secrets/NAME                      0600: a line of JSON, then the content
//   RUNROOT/containers/ID/secrets/NUMBER   while the container runs: the content, which it sees at the secret's target
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"
#include "spec/config.h"

namespace caisson::engine {

inline constexpr std::size_t kLargestSecret = 512'000;  ///< bytes, as docker and podman have it

/// A secret without its content.
struct Secret {
  std::string id;  ///< 25 hexadecimal digits
  std::string name;
  std::int64_t created_ns = 0;
  std::map<std::string, std::string> labels;
};

/// Keeps a secret. Errors: there is one of that name, unless `replace`; it is empty or too large; the name is none.
enum class Replace { kNo, kYes };
Result<Secret> make_secret(const Places& places, const std::string& name, std::string_view content,
                           const std::map<std::string, std::string>& labels, Replace replace);

/// The secret of that name or id, or the only one whose id begins so. Errors: there is none, or several.
Result<Secret> find_secret(const Places& places, const std::string& reference);
Result<std::string> secret_content(const Places& places, const Secret& secret);

/// All of them, by name.
Result<std::vector<Secret>> list_secrets(const Places& places);

Result<> remove_secret(const Places& places, const Secret& secret);

/// Where the `number`-th secret of a container lies while it runs.
std::string secret_path(const std::string& live_directory, std::size_t number);

/// Writes the secrets that the record names to where the container's configuration has them bound from: before each
/// start. Errors: one is gone; RUNROOT is not in memory.
Result<> write_secrets(const Places& places, const Record& record);

/// Adds those that are variables to a configuration that is not written anywhere.
Result<> add_secret_variables(const Places& places, const std::vector<SecretChoice>& secrets, spec::Config& config);

}  // namespace caisson::engine
