// Which images may be run and pulled: a file that says by name who has to have signed them. Pure.
//
//   {"default": "accept",
//    "rules": [{"match": "registry.example/team/*", "cosign": ["/etc/caisson/team.pub"]},
//              {"match": "docker.io/library/*", "gpg": ["/etc/caisson/keyring.gpg"], "signatures":
//              "/etc/caisson/signatures"},
//              {"match": "/srv/images/*", "gpg": ["/etc/caisson/keyring.gpg"]},
//              {"match": "*.example/*", "default": "reject"}]}
//
// The first rule whose pattern fits counts. A pattern is compared with a whole reference
// ("docker.io/library/busybox:1"), or with the absolute path of a tarball; '*' stands for any characters, '?' for one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

struct Requirement {
  enum class Kind {
    kAccept,
    kReject,
    kCosign,  ///< signed with one of the keys, as cosign does
    kGpg,     ///< there is a detached OpenPGP signature by a key of one of the keyrings
  };
  Kind kind = Kind::kAccept;
  std::vector<std::string> keys =
      {};                       ///< absolute paths: PEM files with public keys, or keyrings as gpgv(1) reads them
  std::string signatures = {};  ///< of kGpg: the directory with HEX.asc or HEX.sig of an image's manifest

  bool operator==(const Requirement&) const = default;
};

struct Policy {
  struct Rule {
    std::string pattern;
    Requirement requirement;
  };
  std::vector<Rule> rules = {};
  Requirement otherwise = {};

  /// What is required of what is called so.
  const Requirement& of(std::string_view name) const;
};

/// Reads a policy; an error names the JSON pointer. Keys that are not known are errors: what is misspelt must not
/// accept more than was meant.
Result<Policy> read_policy(std::string_view json, std::string_view shown);

/// Whether the whole of `name` fits `pattern`.
bool fits_pattern(std::string_view pattern, std::string_view name);

}  // namespace caisson::image
