// What a registry wants before it answers: the header WWW-Authenticate (RFC 9110, section 11.6.1; for Bearer, the token
// authentication of the distribution project). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caisson::registry {

struct Challenge {
  std::string scheme;   ///< in lower case: "basic", "bearer"
  std::string realm;    ///< Bearer: the address of the token server
  std::string service;  ///< Bearer: what the token is for
  std::string scope;    ///< "repository:library/busybox:pull"; several are separated by spaces
  std::string error;    ///< "insufficient_scope", "invalid_token"; empty: none
};

/// All challenges of one header, in their order; what is malformed ends the list.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace caisson::registry
