// Text of a container as a JSON string: without an allocation, and with whatever it may hold. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace caisson::keeper {

/// How many of the last bytes of `text` are the beginning of a UTF-8 character that is not whole yet: 0 to 3.
std::size_t unfinished_bytes(std::span<const char> text);

/// Most bytes that one byte of text becomes: "\u0000", or U+FFFD for one that is no UTF-8.
inline constexpr std::size_t kMostJsonBytes = 6;

/// Writes `text` to `to` as the inside of a JSON string (RFC 8259 section 7); bytes that are not UTF-8 become U+FFFD,
/// each. Returns how much was written: at most kMostJsonBytes for a byte.
std::size_t write_json_text(std::span<const char> text, char* to);

/// The text of the JSON string that begins `json` (with its quote), which is taken off, into `text`. False if it is
/// none.
bool take_json_text(std::string_view& json, std::string& text);

}  // namespace caisson::keeper
