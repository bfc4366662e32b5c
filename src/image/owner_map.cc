#include "image/owner_map.h"

#include "base/text.h"

namespace caisson::image {

Result<OwnerMap> read_owner_map(std::string_view text) {
  OwnerMap map;
  for (const std::string_view entry : split(text, ',')) {
    const std::vector<std::string_view> fields = split(entry, ':');
    OwnerRange range;
    std::uint32_t* const places[] = {&range.owner, &range.becomes, &range.count};
    for (std::size_t i = 0; i < 3; ++i) {
      const auto number = fields.size() == 3 ? parse_unsigned(fields[i]) : std::nullopt;
      if (!number || *number > UINT32_MAX)
        return fail(complaint("not OWNER:BECOMES:COUNT: '" + std::string(entry) + "'"));
      *places[i] = static_cast<std::uint32_t>(*number);
    }
    map.push_back(range);
  }
  return map;
}

std::optional<std::uint32_t> mapped_owner(const OwnerMap& map, std::uint32_t owner) {
  if (map.empty()) return owner;
  for (const OwnerRange& range : map) {
    if (owner >= range.owner && owner - range.owner < range.count) return range.becomes + (owner - range.owner);
  }
  return std::nullopt;
}

}  // namespace caisson::image
