// Files of credentials, auth.json and docker's config.json (containers-auth.json(5)), as text. Pure.
//
//   {"auths": {"quay.io/team": {"auth": BASE64 of USER:PASSWORD, "identitytoken": …}},
//    "credHelpers": {"quay.io": "secretservice"}, "credsStore": "pass"}
//
// Docker's old .dockercfg is what stands in "auths" alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "registry/credentials.h"

namespace caisson::registry {

enum class AuthFormat { kAuths, kDockercfg };

/// A program docker-credential-`helper` knows them, under the name `server`.
struct HelperUse {
  std::string helper;
  std::string server;

  bool operator==(const HelperUse&) const = default;
};
using Found = std::variant<std::monostate, Credentials, HelperUse>;

/// What a name's credentials may be kept under, the most specific first: "quay.io/a/b", "quay.io/a", "quay.io".
std::vector<std::string> namespaces_of(std::string_view name);

/// The key of a file as names are compared: without scheme and path, docker.io by that name.
std::string canonical_key(std::string_view key, AuthFormat format);

/// What `file` has for `name` ("quay.io/a/b"), the most specific first. Errors name the key, never what stands there.
Result<Found> look_up(std::string_view file, AuthFormat format, std::string_view name);

/// The helper that new credentials for the registry belong to; nothing: the file itself.
Result<std::optional<HelperUse>> helper_for(std::string_view file, std::string_view key);

/// `file`, which may be empty, with `credentials` under `key`; everything else stays as it is.
Result<std::string> with_credentials(std::string_view file, const std::string& key, const Credentials& credentials);

/// `file` without what is kept under `key`; nothing if that is not there.
Result<std::optional<std::string>> without_credentials(std::string_view file, std::string_view key);

/// The keys under which `file` has something.
Result<std::vector<std::string>> keys_in(std::string_view file);

}  // namespace caisson::registry
