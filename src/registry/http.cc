#include "registry/http.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "registry/answer_words.h"

namespace caisson::registry {

namespace {

constexpr int kMostRedirects = 10;
constexpr long kBufferBytes = 256L << 10;
constexpr std::size_t kMostOfHeaders = 64U << 10;

using Kind = HttpFailure::Kind;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_success(long status) { return status >= 200 && status < 300; }

// One request at work: what libcurl's callbacks know.
struct Exchange {
  const HttpRequest& request;
  CURL* handle;
  HttpResponse response = {};
  std::size_t header_bytes = 0;
  std::int64_t sent = 0;
  std::optional<Error> error = {};  // of this side
  bool is_receivers = false;        // what the error is of
  bool body_is_cut = false;         // an error's text, of which enough has come

  bool refuse(Error why) {
    error = std::move(why);
    return false;
  }

  bool header_line(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > kMostOfHeaders) {
      return refuse(complaint(fmt::format("its headers have more than {} bytes", kMostOfHeaders)));
    }
    if (line.starts_with("HTTP/")) {  // each answer begins so, those before the last ("100 Continue") too
      response.headers.clear();
      return true;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    response.headers.emplace_back(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
    return true;
  }

  bool body_piece(std::string_view bytes) {
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response.status);
    if (request.receive && is_success(response.status)) {
      Result<> received = request.receive(response, bytes);
      is_receivers = !received;
      return received || refuse(std::move(received).error());
    }
    const std::size_t room = request.body_limit_bytes - response.body.size();
    response.body.append(bytes.substr(0, room));
    if (bytes.size() <= room) return true;
    body_is_cut = !is_success(response.status);
    return refuse(complaint(fmt::format("it is larger than {} bytes", request.body_limit_bytes)));
  }

  std::size_t next_bytes(char* buffer, std::size_t room) {
    const FilePart& part = *request.file;
    room = static_cast<std::size_t>(std::min<std::int64_t>(static_cast<std::int64_t>(room), part.size - sent));
    if (room == 0) return 0;
    const ssize_t got = ::pread(part.file, buffer, room, part.offset + sent);
    if (got <= 0) {
      refuse(got < 0 ? os_error("pread", "the file to be sent") : complaint("the file to be sent has become shorter"));
      return CURL_READFUNC_ABORT;
    }
    sent += got;
    return static_cast<std::size_t>(got);
  }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->header_line({data, size * count}) ? size * count : 0;
}
std::size_t on_body(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->body_piece({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}
std::size_t on_read(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->next_bytes(data, size * count);
}

Kind kind_of(CURLcode code, CURL* handle) {
  curl_off_t connected_us = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  if (code == CURLE_OPERATION_TIMEDOUT && connected_us == 0) return Kind::kUnreachable;
  switch (static_cast<int>(code)) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY: return Kind::kUnreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER: return Kind::kUntrusted;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_AGAIN: return Kind::kCut;
    default: return Kind::kRefused;
  }
}

// libcurl's words of a proxy that it cannot use show all of its address, with the password before an '@'.
std::string words_of(CURLcode code, const std::array<char, CURL_ERROR_SIZE>& buffer) {
  const std::string_view words = buffer.data();
  const bool may_show = !words.empty() && words.find('@') == std::string_view::npos;
  return may_show ? shown_words(words) : curl_easy_strerror(code);
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str()); longer != nullptr) {
    (void)list.release();
    list.reset(longer);
  }
}

List header_lines(const HttpRequest& request) {
  List lines;
  append(lines, "Expect:");  // who may send was asked before: nobody waits for a "100 Continue"
  append(lines, "User-Agent: caisson/" CAISSON_VERSION);
  for (const std::string& line : request.headers) append(lines, line);
  if (!request.authorization.empty()) append(lines, "Authorization: " + request.authorization);
  return lines;
}

void set_method(CURL* handle, const HttpRequest& request, Exchange& exchange) {
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request.file) {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.file->size));
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(handle, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  } else if (request.method != "GET") {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method != "GET" && request.method != "HEAD") {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

bool is_redirect(const HttpRequest& request, const HttpResponse& response) {
  const long status = response.status;
  if (status == 307 || status == 308) return true;
  const bool only_reads = request.method == "GET" || request.method == "HEAD";
  return only_reads && (status == 301 || status == 302 || status == 303);
}

HttpOutcome refused(const HttpRequest& request, Error error) {
  return std::unexpected(
      HttpFailure{Kind::kRefused, in(fmt::format("{} {}", request.method, request.url.shown()), std::move(error))});
}

}  // namespace

// Handles keep the connections that they have made: one that has been at a host before is taken for it again.
struct HttpClient::Pool {
  struct Idle {
    std::string origin;
    CURL* handle;
  };
  std::mutex mutex = {};
  std::vector<Idle> idle = {};

  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (const Idle& one : idle) curl_easy_cleanup(one.handle);
  }

  CURL* take(const std::string& origin) {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return curl_easy_init();
    auto chosen = std::ranges::find(idle, origin, &Idle::origin);
    if (chosen == idle.end()) chosen = idle.end() - 1;
    CURL* handle = chosen->handle;
    idle.erase(chosen);
    return handle;
  }
  void give_back(const std::string& origin, CURL* handle) {
    curl_easy_reset(handle);
    const std::lock_guard lock(mutex);
    idle.push_back({origin, handle});
  }
};

struct HttpClient::Tls {
  std::string authorities = {};  // PEM; empty: the host's own
  HostAuthorities host = {};
  std::string client_certificate = {};
  std::string client_key = {};

  void set(CURL* handle, bool verifies) const {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, verifies ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, verifies ? 2L : 0L);
    if (!host.directory.empty()) curl_easy_setopt(handle, CURLOPT_CAPATH, host.directory.c_str());
    if (!authorities.empty()) {
      curl_blob blob{
          .data = const_cast<char*>(authorities.data()), .len = authorities.size(), .flags = CURL_BLOB_NOCOPY};
      curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob);
    } else if (!host.file.empty()) {
      curl_easy_setopt(handle, CURLOPT_CAINFO, host.file.c_str());
    }
    if (client_certificate.empty()) return;
    curl_easy_setopt(handle, CURLOPT_SSLCERT, client_certificate.c_str());
    curl_easy_setopt(handle, CURLOPT_SSLKEY, client_key.c_str());
  }
};

HttpClient::HttpClient(Trust trust, HttpLimits limits)
    : trust_(std::move(trust)), limits_(limits), pool_(std::make_unique<Pool>()) {
  curl_global_init(CURL_GLOBAL_DEFAULT);  // counted, and safe in threads since 7.84
}
HttpClient::~HttpClient() = default;

Result<HttpClient::Tls> HttpClient::tls_for(const Url& url) {
  Certificates certificates = trust_.certificates;
  if (url.authority() != trust_.authority) {
    Certificates others = TRY(certificates_for(trust_.certificate_tops, url.authority()));
    std::ranges::copy(certificates.authorities, std::back_inserter(others.authorities));
    certificates = std::move(others);
  }
  Tls tls{.host = host_authorities(),
          .client_certificate = std::move(certificates.client_certificate),
          .client_key = std::move(certificates.client_key)};
  if (!certificates.authorities.empty()) tls.authorities = TRY(authorities_text(certificates.authorities));
  return tls;
}

HttpOutcome HttpClient::send_once(const HttpRequest& request) {
  std::shared_ptr<const Tls> tls;
  if (request.url.is_https()) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const Tls>& known = tls_[request.url.authority()];
    if (known == nullptr) {
      Result<Tls> made = tls_for(request.url);
      if (!made) return std::unexpected(HttpFailure{Kind::kRefused, std::move(made).error()});
      known = std::make_shared<const Tls>(*std::move(made));
    }
    tls = known;
  }
  CURL* handle = pool_->take(request.url.origin());
  if (handle == nullptr) return refused(request, complaint("libcurl: out of memory"));
  Exchange exchange{.request = request, .handle = handle, .response = {.url = request.url}};
  std::array<char, CURL_ERROR_SIZE> words{};
  const List lines = header_lines(request);
  curl_easy_setopt(handle, CURLOPT_URL, request.url.text().c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect_timeout_ms));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits_.stall_timeout_s));
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, lines.get());
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  if (tls != nullptr) tls->set(handle, trust_.verifies);
  set_method(handle, request, exchange);

  const CURLcode code = curl_easy_perform(handle);
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &exchange.response.status);
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
  const Kind kind = kind_of(code, handle);
  pool_->give_back(request.url.origin(), handle);

  exchange.response.retry_after_s = static_cast<int>(std::clamp<curl_off_t>(retry_after, 0, 1'000'000));
  if (code == CURLE_OK || exchange.body_is_cut) return std::move(exchange.response);
  if (exchange.is_receivers) return std::unexpected(HttpFailure{Kind::kRefused, *std::move(exchange.error)});
  if (exchange.error) return refused(request, *std::move(exchange.error));
  Error error = complaint(words_of(code, words));
  return std::unexpected(
      HttpFailure{kind, in(fmt::format("{} {}", request.method, request.url.shown()), std::move(error))});
}

HttpOutcome HttpClient::send(const HttpRequest& request) {
  HttpRequest hop = request;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    HttpOutcome outcome = send_once(hop);
    if (!outcome || !is_redirect(hop, *outcome)) return outcome;
    const std::optional<std::string_view> location = outcome->header("location");
    if (!location) return refused(hop, complaint(fmt::format("HTTP status {} without a Location", outcome->status)));
    Result<Url> next = hop.url.resolve(*location);
    if (!next) return refused(hop, std::move(next).error());
    if (hop.url.is_https() && !next->is_https() && trust_.verifies) {
      return refused(hop, complaint(fmt::format("it leads to {}, which is not encrypted", next->shown())));
    }
    if (next->origin() != request.url.origin()) {
      hop.authorization.clear();  // for good: they may lead back again
      // What is said in a body is for whom it was said to: an identity token, a manifest.
      if (!hop.body.empty()) return refused(hop, complaint(fmt::format("it leads to another host, {}", next->shown())));
    }
    hop.url = *std::move(next);
  }
  return refused(request, complaint(fmt::format("more than {} redirects", kMostRedirects)));
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
  return found != headers.end() ? std::optional<std::string_view>(found->second) : std::nullopt;
}

Error answer_error(const HttpRequest& request, const HttpResponse& response) {
  const std::string words = error_words(response.body);
  std::string what = fmt::format("HTTP status {}{}{}", response.status, words.empty() ? "" : ": ", words);
  if (response.retry_after_s > 0) what += fmt::format(" (it asks to wait for {} s)", response.retry_after_s);
  return in(fmt::format("{} {}", request.method, response.url.shown()), complaint(what));
}

}  // namespace caisson::registry
