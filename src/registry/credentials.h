// Who one is to a registry. Pure.
#pragma once

#include <string>

namespace caisson::registry {

/// Never shown: not in an error, a log or the arguments of a process.
struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token = {};  ///< instead of a password: what a token server gives access tokens for

  bool operator==(const Credentials&) const = default;
};

}  // namespace caisson::registry
