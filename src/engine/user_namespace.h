// Which user namespace a container has, and who its users are on the host. Pure.
//
// An ordinary user's ids stand in one row: position 0 is the user, 1 and up are the subordinate ids of /etc/subuid and
// /etc/subgid. That is what --uidmap's second number means there, as podman has it; for root it is a host id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/run_options.h"
#include "spec/config.h"

namespace caisson::engine {

/// The ids first … first+size-1.
struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t size = 0;
  bool operator==(const IdRange&) const = default;
};
using IdRanges = std::vector<IdRange>;
using IdMappings = std::vector<spec::IdMapping>;

/// The ranges of the user `name` or `id` in the text of /etc/subuid or /etc/subgid (subuid(5)). Lines that are none are
/// left out.
IdRanges subordinate_ranges(std::string_view text, std::string_view name, std::uint32_t id);

/// Users and groups, which are mapped alike but not together.
struct Ids {
  IdRanges own;       ///< an ordinary user's row; for root what --userns=auto takes from: those of `containers`
  IdRanges taken;     ///< what containers with --userns=auto have already
  IdMappings joined;  ///< of the container whose user namespace is joined
};

/// What the choice depends on.
struct IdFacts {
  bool ordinary = false;  ///< whoever asks is not root
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Ids users;
  Ids groups;
  std::string joined;  ///< file of the user namespace of the container that is joined; empty: none is
};

/// The container's user namespace.
struct UserNamespace {
  bool own = false;  ///< it has one; otherwise it has the host's
  std::string path;  ///< one that is joined; empty: a new one
  IdMappings uids;   ///< empty where they are not known, of a joined one
  IdMappings gids;
  bool shifted = false;    ///< the files it is made from have owners of the host's: they are shown as the container's
  bool automatic = false;  ///< nobody else is to have these ids

  bool has_user(std::uint32_t id) const;
  bool has_group(std::uint32_t id) const;
};

/// The namespace that --userns, --uidmap and --gidmap ask for. Errors name the option: ids that the caller does not
/// have, none left for auto, options that exclude each other.
Result<UserNamespace> choose_user_namespace(const RunOptions& options, const IdFacts& facts);

/// All of an ordinary user's ids, at their positions: the namespace in which its files are made and removed.
IdMappings whole_row(const IdRanges& own);

/// `mappings` with the positions of `own` in place of host ids; what is not in it is left out.
IdMappings by_position(const IdMappings& mappings, const IdRanges& own);

/// The host's id for a container's; nothing if it has none.
std::optional<std::uint32_t> host_id(const IdMappings& mappings, std::uint32_t container_id);

/// "0:1:1000,1000:0:1".
std::string mapping_words(const IdMappings& mappings);

/// The same as the kernel takes it: lines "0 1 1000\n".
std::string mapping_lines(const IdMappings& mappings);

}  // namespace caisson::engine
