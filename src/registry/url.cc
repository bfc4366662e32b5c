#include "registry/url.h"

#include <curl/curl.h>

#include <memory>

#include <fmt/format.h>

#include "registry/answer_words.h"

namespace caisson::registry {

namespace {

struct CleanUp {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, CleanUp>;

// Empty: there is no such part.
std::string part(CURLU* handle, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(handle, which, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, curl_free);
  return owned.get();
}

// An address for an error: neither its query nor a user, which may be secret.
std::string shown_part(std::string_view text) {
  const std::string_view before_query = text.substr(0, text.find('?'));
  return shown_words(before_query.substr(before_query.rfind('@') + 1));
}

// `value` is an address, or relative to the one that `handle` holds.
Result<> set_address(const Handle& handle, std::string_view value) {
  CURLUcode code = CURLUE_MALFORMED_INPUT;
  if (value.find('\0') == std::string_view::npos) {
    code = curl_url_set(handle.get(), CURLUPART_URL, std::string(value).c_str(), CURLU_DISALLOW_USER);
  }
  if (code == CURLUE_OK) return {};
  return fail(
      complaint(fmt::format("'{}' is not an address for an image: {}", shown_part(value), curl_url_strerror(code))));
}

}  // namespace

Result<Url> Url::of(Curl_URL* pieces) {
  Url url;
  url.scheme_ = part(pieces, CURLUPART_SCHEME);
  if (url.scheme_ != "http" && url.scheme_ != "https") {
    return fail(complaint(fmt::format("'{}://': only http and https are known", shown_words(url.scheme_))));
  }
  curl_url_set(pieces, CURLUPART_FRAGMENT, nullptr, 0);
  url.text_ = part(pieces, CURLUPART_URL);
  url.path_ = part(pieces, CURLUPART_PATH);
  url.authority_ = part(pieces, CURLUPART_HOST);
  for (char& c : url.authority_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string port = part(pieces, CURLUPART_PORT);
  if (!port.empty() && port != (url.is_https() ? "443" : "80")) url.authority_ += ":" + port;
  if (url.text_.empty() || url.authority_.empty()) return fail(complaint("an address has no host"));
  return url;
}

Result<Url> Url::parse(std::string_view text) {
  const Handle handle(curl_url());
  TRY(set_address(handle, text));
  return of(handle.get());
}

Result<Url> Url::resolve(std::string_view location) const {
  const Handle handle(curl_url());
  TRY(set_address(handle, text_));
  TRY(set_address(handle, location));
  return of(handle.get());
}

Result<Url> Url::with_query(std::string_view name, std::string_view value) const {
  const Handle handle(curl_url());
  TRY(set_address(handle, text_));
  const std::string pair = fmt::format("{}={}", name, value);
  if (pair.find('\0') != std::string::npos ||
      curl_url_set(handle.get(), CURLUPART_QUERY, pair.c_str(), CURLU_APPENDQUERY | CURLU_URLENCODE) != CURLUE_OK) {
    return fail(complaint(fmt::format("{}: the query of {} cannot have it", name, shown())));
  }
  return of(handle.get());
}

}  // namespace caisson::registry
