// Strict readings of text: nothing is guessed, nothing is left over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson {

/// The whole of `text` as a decimal number; nothing for signs, spaces, leftovers or overflow.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// The same with an optional leading '-'.
std::optional<std::int64_t> parse_signed(std::string_view text);

/// The whole of `text` as an octal number ("0755", "755").
std::optional<std::uint32_t> parse_octal(std::string_view text);

/// A size in bytes as docker reads it: a number, perhaps with a fraction, and b, k, m, g, t or p (powers of 1024; "mb"
/// and "MiB" are read too). Nothing if it is not one or does not fit.
std::optional<std::int64_t> parse_bytes(std::string_view text);

/// `bytes` for people: "100 MiB", "1.5 GiB", "512 B".
std::string human_bytes(std::uint64_t bytes);

/// The pieces of `text` between `separator`; an empty text has one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` up to the first `separator`, and the rest after it if there was one.
struct Cut {
  std::string_view head;
  std::optional<std::string_view> tail;
};
Cut cut(std::string_view text, char separator);

std::string join(const std::vector<std::string>& pieces, std::string_view separator);

/// `text` quoted for a POSIX shell, as it stands where that is safe: `a b` becomes `'a b'`.
std::string shell_quote(std::string_view text);

/// The entry of `known` that is nearest to `word` by edit distance, if it is near enough to be what was meant.
std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& known);

/// The first digits of an id, which people are shown.
std::string short_id(std::string_view id);

/// `bytes` as lower-case hexadecimal.
std::string hex(std::string_view bytes);

}  // namespace caisson
