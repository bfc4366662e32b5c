// The tags of a repository, as a registry lists them in pages (distribution specification 1.1, "Listing Tags"). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::registry {

inline constexpr std::size_t kTagPageBytes = 1U << 20;

/// The tags of one page, in the registry's order. Error: it is no such page, or holds what is no tag, which is not
/// shown as it stands.
Result<std::vector<std::string>> read_tags(std::string_view body);

/// Where the next page is, relative or absolute, of a header Link (RFC 8288): `</v2/…>; rel="next"`. Nothing: it leads
/// to no such page.
std::optional<std::string> next_page(std::string_view link);

}  // namespace caisson::registry
