// HTTP, by libcurl: one request and its answer, with every size bounded. What is worth another try is retry.h's.
//
// Several threads may use one client. A process that does has to ignore SIGPIPE.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "registry/certificates.h"
#include "registry/url.h"

namespace caisson::registry {

/// How long is waited for whom.
struct HttpLimits {
  int connect_timeout_ms = 30'000;
  int stall_timeout_s = 60;          ///< a transfer in which nothing moves for so long has failed
  int tries = 5;                     ///< that may fail one after the other, with nothing gained
  int first_wait_ms = 500;           ///< before the second try; each further wait is twice as long
  int longest_wait_ms = 2 * 60'000;  ///< what a registry may ask for (Retry-After)
};

/// Whom to believe.
struct Trust {
  bool verifies = true;                            ///< certificates, and no way from https to http
  std::string authority = {};                      ///< of the registry, which `certificates` are for
  Certificates certificates = {};                  ///< its authorities hold for whom it leads to as well
  std::vector<std::string> certificate_tops = {};  ///< certs.d directories, for others
};

struct HttpResponse {
  long status = 0;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< names in lower case
  std::string body = {};                                          ///< empty where it went to `receive`
  int retry_after_s = 0;                                          ///< 0: it does not say
  Url url = {};                                                   ///< who answered in the end, after redirects

  /// The first of that name (in lower case); nothing: there is none.
  std::optional<std::string_view> header(std::string_view name) const;
};

/// A part of a file as the body of a request; read with pread(2).
struct FilePart {
  int file = -1;
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

/// Takes the body of an answer with a status of 2xx, piece by piece. An error ends the request and comes back from it,
/// as it is.
using Receive = std::function<Result<>(const HttpResponse& head, std::string_view bytes)>;

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::string> headers = {};
  std::string authorization = {};     ///< the value of that header; goes to no other host than that of `url`
  std::string body = {};              ///< goes to no other host either
  std::optional<FilePart> file = {};  ///< instead of `body`
  Receive receive = {};
  std::size_t body_limit_bytes = 64U << 10;  ///< of an answer that is kept
};

/// A request without an answer.
struct HttpFailure {
  enum class Kind {
    kUnreachable,  ///< nobody has seen the request
    kUntrusted,    ///< TLS: no connection that can be relied on
    kCut,          ///< it began, and broke off
    kRefused,      ///< by this side: too much, not allowed, or `receive` failed
  };
  Kind kind;
  Error error;
};
using HttpOutcome = std::expected<HttpResponse, HttpFailure>;

class HttpClient {
 public:
  HttpClient(Trust trust, HttpLimits limits);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends a request once, and follows up to 10 redirects of it. Proxies are those of the environment, as curl's.
  HttpOutcome send(const HttpRequest& request);

  const HttpLimits& limits() const { return limits_; }
  bool verifies() const { return trust_.verifies; }

 private:
  struct Pool;
  struct Tls;

  HttpOutcome send_once(const HttpRequest& request);
  Result<Tls> tls_for(const Url& url);

  Trust trust_;
  HttpLimits limits_;
  std::unique_ptr<Pool> pool_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Tls>> tls_;  // by authority
};

/// What an answer with an error status means: "GET https://…: HTTP status 404: manifest unknown".
Error answer_error(const HttpRequest& request, const HttpResponse& response);

}  // namespace caisson::registry
