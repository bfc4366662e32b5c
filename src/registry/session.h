// A conversation with one registry about one repository: where it is, by which scheme, as whom.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/authorization.h"
#include "registry/http.h"
#include "registry/options.h"
#include "registry/resolve.h"

namespace caisson::registry {

class Session {
 public:
  /// Finds the registry: by TLS, or if that fails and it may be insecure, by plain HTTP; and hears how it wants to be
  /// talked to (distribution specification, end-1). Error: it cannot be reached or trusted.
  static Result<std::unique_ptr<Session>> open(const Options& options, const RegistriesConf& conf, Endpoint endpoint);

  const image::Reference& reference() const { return endpoint_.reference; }
  const HttpLimits& limits() const { return http_.limits(); }

  /// The address of something in the repository: "blobs/sha256:…".
  Result<Url> url(std::string_view what) const;

  /// Sends a request once: with authorization, which is asked for anew where it does not do, if `request.url` is the
  /// registry's. What the registry warns of is passed on. Several threads may.
  HttpOutcome send(HttpRequest request, const Scopes& scopes);

  /// The same, as often as it is worth it: for requests whose answer is kept.
  HttpOutcome send_persistently(const HttpRequest& request, const Scopes& scopes);

  /// A request to somebody else, whom the registry or a manifest names: without authorization.
  HttpOutcome send_elsewhere(const HttpRequest& request) { return http_.send(request); }

  /// What an answer with an error status means, and what helps where that is known.
  Error error_of(const HttpRequest& request, const HttpResponse& response) const;

  /// Whether the registry takes the credentials. Error: it does not, in its words.
  Result<> check_credentials();

 private:
  Session(const Options& options, Trust trust, std::optional<Credentials> credentials, Endpoint endpoint);
  Result<> find(bool may_be_plain);
  HttpOutcome ping(const std::string& scheme);
  void pass_warnings_on(const HttpResponse& response);

  Options options_;
  Endpoint endpoint_;
  HttpClient http_;
  Authorization authorization_;
  Url base_;  // "https://quay.io/v2/"
  std::mutex warnings_mutex_;
  std::set<std::string> warnings_;
};

}  // namespace caisson::registry
