// Addresses of registries: http and https alone, never with a user in them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

struct Curl_URL;  // CURLU

namespace caisson::registry {

class Url {
 public:
  Url() = default;

  /// Reads an absolute address. Error: it is none, has another scheme than http and https, or names a user; what it
  /// says there is not shown.
  static Result<Url> parse(std::string_view text);

  /// What a header Location of an answer from here means (RFC 3986, section 5): relative or absolute.
  Result<Url> resolve(std::string_view location) const;

  /// With a further NAME=VALUE in its query, both encoded.
  Result<Url> with_query(std::string_view name, std::string_view value) const;

  const std::string& text() const { return text_; }
  const std::string& authority() const { return authority_; }  ///< "quay.io", "localhost:5000": no usual port
  std::string origin() const { return scheme_ + "://" + authority_; }
  std::string shown() const { return origin() + path_; }  ///< for messages: what may be secret is in the query
  bool is_https() const { return scheme_ == "https"; }

 private:
  static Result<Url> of(Curl_URL* pieces);

  std::string text_;
  std::string scheme_;
  std::string authority_;
  std::string path_;
};

}  // namespace caisson::registry
