// The header Authorization of requests to one registry: Basic, or Bearer with tokens that a token server gives for
// scopes (the distribution project's token authentication; with an identity token, its OAuth 2 form).
//
//   caisson → registry      GET /v2/…                       401, WWW-Authenticate: Bearer realm, service, scope
//   caisson → realm         GET ?service&scope, Basic       {"token": …, "expires_in": …}
//   caisson → registry      GET /v2/…, Bearer token
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/http.h"

namespace caisson::registry {

/// Scopes of token servers, "repository:library/busybox:pull": what one request needs.
using Scopes = std::vector<std::string>;

class Authorization {
 public:
  /// `http` has to live as long; it is also used for the token server. `registry` is what one logs in to.
  Authorization(HttpClient& http, std::string registry, std::optional<Credentials> credentials)
      : http_(http), registry_(std::move(registry)), credentials_(std::move(credentials)) {}

  /// The header's value for a request that needs `scopes`, as far as the registry has said what it wants. Empty: it
  /// wants nothing. Error: there is no token to be had, or nobody to be.
  Result<std::string> value(const Scopes& scopes);

  /// The registry has answered 401 to a request with `used` as that header. Then value() is worth asking again; or
  /// false: it wants what has been shown to it, or nothing that is known here.
  Result<bool> challenged(const HttpResponse& answer, const Scopes& scopes, const std::string& used);

  /// What helps whom the registry refuses; empty: nothing that is known here.
  std::string hint() const { return credentials_ ? "" : "caisson login " + registry_; }

 private:
  struct Granted {
    std::string value;
    std::chrono::steady_clock::time_point until;
  };

  Result<std::string> token(const Scopes& scopes);
  Result<HttpRequest> token_request(const Scopes& scopes) const;

  HttpClient& http_;
  std::string registry_;
  std::optional<Credentials> credentials_;
  std::mutex mutex_;
  std::optional<Challenge> challenge_;
  std::map<Scopes, Granted> tokens_;
  std::map<Scopes, Scopes> wider_;  // what the registry wants for these on top
};

/// "Basic dXNlcjpwYXNzd29yZA=="
std::string basic_authorization(const Credentials& credentials);

}  // namespace caisson::registry
