// What a registry says in its answers, for people: errors, warnings; and which bytes of a blob an answer holds. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::registry {

/// `text` of a registry in one line that may be shown: no control characters, at most some hundred bytes.
std::string shown_words(std::string_view text);

/// The errors in the body of an answer ("denied: requested access to the resource is denied; …"): those of the
/// distribution specification, of token servers (RFC 6749, section 5.2) and of others' JSON. Empty if it says nothing.
std::string error_words(std::string_view body);

/// The text of a header `Warning: 299 - "text"` (distribution specification 1.1); nothing for other codes.
std::optional<std::string> warning_text(std::string_view header);

/// A header Content-Range, "bytes 100-199/1000" (RFC 9110, section 14.4).
struct ContentRange {
  std::int64_t first;
  std::int64_t last;
  std::optional<std::int64_t> size;  ///< nothing: "*"
};
std::optional<ContentRange> parse_content_range(std::string_view header);

/// How much of a blob a registry has, as the header Range of an upload's state says: "0-99" or "bytes=0-99" are 100.
std::optional<std::int64_t> uploaded_bytes(std::string_view range);

}  // namespace caisson::registry
