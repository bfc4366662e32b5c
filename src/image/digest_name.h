// Digests as text, "sha256:" and 64 lower-case hexadecimal digits: what contents are called. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

/// True for "sha256:" and 64 lower-case hexadecimal digits, the only digest that this version knows.
bool is_digest(std::string_view text);

/// The same with words: an algorithm that is not known, too few or too many digits, capital ones.
Result<> check_digest(std::string_view text);

/// The 64 digits of a digest.
std::string_view hex_of(std::string_view digest);

/// The first of them, which people are shown.
std::string short_digest(std::string_view digest);

/// The digits of what may be the beginning of an image's id: up to 64 lower-case hexadecimal digits, with or without
/// "sha256:" before them.
std::optional<std::string_view> id_prefix(std::string_view text);

/// Every digest that stands anywhere in `text`.
std::vector<std::string> digests_in(std::string_view text);

/// True for 64 lower-case hexadecimal digits: an id, which for that reason is no name.
bool is_whole_id(std::string_view text);

}  // namespace caisson::image
