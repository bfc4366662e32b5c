#include "image/owner_map.h"

#include <fmt/format.h>

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

std::string owner_maps_text(const OwnerMaps& maps) {
  const auto words = [](const OwnerMap& map) {
    std::string text;
    for (const OwnerRange& range : map)
      text += fmt::format("{}{}:{}:{}", text.empty() ? "" : ",", range.owner, range.becomes, range.count);
    return text;
  };
  return words(maps.uids) + " " + words(maps.gids) + "\n";
}

Result<OwnerMaps> read_owner_maps(std::string_view text) {
  const std::vector<std::string_view> words = split(text.substr(0, text.find('\n')), ' ');
  if (words.size() != 2 || !text.ends_with('\n')) return fail(complaint("these are no two maps of owners"));
  return OwnerMaps{.uids = TRY(read_owner_map(words[0])), .gids = TRY(read_owner_map(words[1]))};
}

std::optional<std::uint32_t> mapped_owner(const OwnerMap& map, std::uint32_t owner) {
  if (map.empty()) return owner;
  for (const OwnerRange& range : map) {
    if (owner >= range.owner && owner - range.owner < range.count) return range.becomes + (owner - range.owner);
  }
  return std::nullopt;
}

}  // namespace caisson::image
