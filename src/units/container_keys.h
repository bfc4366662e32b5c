// The keys of [Container], and what each is as an option of `caisson run`.
#pragma once

#include <string_view>

namespace caisson::units {

enum class KeyKind {
  kText,      ///< --option=VALUE, the last one counts
  kEach,      ///< --option=VALUE for each
  kWords,     ///< --option=WORD for each word of each
  kFlag,      ///< --option, or --option=false
  kSecurity,  ///< --security-opt OPTION=VALUE for each
  kRefused,   ///< known to podman; `option` says why it is not here
  kOwn,       ///< more than an option
};

struct ContainerKey {
  std::string_view key;
  KeyKind kind = KeyKind::kOwn;
  std::string_view option = {};
};

/// Null if there is none of that name.
const ContainerKey* find_container_key(std::string_view key);

/// The one that is nearest by its letters; empty: none is near.
std::string_view nearest_container_key(std::string_view key);

}  // namespace caisson::units
