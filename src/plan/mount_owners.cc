#include "plan/mount_owners.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace caisson::plan {

namespace {

using Mappings = std::vector<spec::IdMapping>;

// What the container's `id` is outside.
std::optional<std::uint32_t> outside(std::uint32_t id, const Mappings& mappings) {
  for (const spec::IdMapping& m : mappings) {
    if (id >= m.container_id && id - m.container_id < m.size) return m.host_id + (id - m.container_id);
  }
  return std::nullopt;
}

// "0-1-10"; "@0-1-10", whose second number is an id of the container's user namespace.
Result<spec::IdMapping> read_range(std::string_view text, const Mappings& container) {
  const bool is_relative = text.starts_with('@');
  if (is_relative) text.remove_prefix(1);
  const std::vector<std::string_view> words = split(text, '-');
  std::uint32_t numbers[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = words.size() == 3 ? parse_unsigned(words[i]) : std::nullopt;
    if (!number || *number > std::numeric_limits<std::uint32_t>::max())
      return fail(complaint("'" + std::string(text) + "' is not a range of ids as in \"0-100000-65536\""));
    numbers[i] = static_cast<std::uint32_t>(*number);
  }
  if (is_relative) {
    const std::optional<std::uint32_t> host = outside(numbers[1], container);
    if (!host) {
      return fail(complaint("'@" + std::string(text) + "': the container's user namespace has no id " +
                            std::to_string(numbers[1])));
    }
    numbers[1] = *host;
  }
  return spec::IdMapping{.container_id = numbers[0], .host_id = numbers[1], .size = numbers[2]};
}

// "@0-1-10#10-11-10": ranges, of which crun takes each by itself.
Result<Mappings> read_ranges(std::string_view text, const Mappings& container) {
  Mappings mappings;
  for (const std::string_view range : split(text, '#')) mappings.push_back(TRY(read_range(range, container)));
  return mappings;
}

// crun.1, "IDMAPPED MOUNTS": "uids=0-1-10#10-11-10;gids=0-1-10".
Result<MountOwners> read_option(std::string_view text, const spec::Linux& container) {
  MountOwners owners{.kind = Owners::kOwn};
  for (const std::string_view part : split(text, ';')) {
    if (part.empty()) continue;
    const Cut named = cut(part, '=');
    if (!named.tail || (named.head != "uids" && named.head != "gids"))
      return fail(complaint("idmap takes uids=… and gids=…, not '" + std::string(part) + "'"));
    const bool users = named.head == "uids";
    (users ? owners.uids : owners.gids) =
        TRY(read_ranges(*named.tail, users ? container.uid_mappings : container.gid_mappings));
  }
  if (owners.uids.empty() || owners.gids.empty()) return fail(complaint("idmap needs both uids=… and gids=…"));
  return owners;
}

}  // namespace

// runtime-spec config.md: with the option and without mappings, those of the container; runc: the same, where they are
// the container's own.
Result<MountOwners> mount_owners(const spec::Mount& mount, const MountOptions& options, const spec::Linux& container) {
  if (!options.id_maps.empty()) return read_option(options.id_maps, container);
  if (mount.uid_mappings.empty() && mount.gid_mappings.empty())
    return MountOwners{.kind = options.idmap ? Owners::kContainers : Owners::kAsTheyAre};
  const bool same = mount.uid_mappings == container.uid_mappings && mount.gid_mappings == container.gid_mappings;
  return MountOwners{
      .kind = same ? Owners::kContainers : Owners::kOwn, .uids = mount.uid_mappings, .gids = mount.gid_mappings};
}

std::string map_text(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& m : mappings) {
    text += std::to_string(m.container_id) + " " + std::to_string(m.host_id) + " " + std::to_string(m.size) + "\n";
  }
  return text;
}

}  // namespace caisson::plan
