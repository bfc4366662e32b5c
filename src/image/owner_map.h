// Who the owners that stand in a tarball become, where the container they are unpacked for has other ids than whoever
// unpacks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

/// The `count` ids from `owner` on become those from `becomes` on.
struct OwnerRange {
  std::uint32_t owner = 0;
  std::uint32_t becomes = 0;
  std::uint32_t count = 0;

  bool operator==(const OwnerRange&) const = default;
};
using OwnerMap = std::vector<OwnerRange>;  ///< empty: everybody stays who they are

struct OwnerMaps {
  OwnerMap uids;
  OwnerMap gids;

  bool operator==(const OwnerMaps&) const = default;
};

/// Reads "0:1:1000,1000:0:1". Error: it is not of that form.
Result<OwnerMap> read_owner_map(std::string_view text);

/// Both as one line, "0:1:1000,1000:0:1 0:1:1000\n", and back. Error: it is none.
std::string owner_maps_text(const OwnerMaps& maps);
Result<OwnerMaps> read_owner_maps(std::string_view text);

/// Who `owner` becomes; nothing if the map has nobody for it.
std::optional<std::uint32_t> mapped_owner(const OwnerMap& map, std::uint32_t owner);

}  // namespace caisson::image
