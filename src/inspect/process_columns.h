// Columns about processes, by the names that ps(1) and podman's top know them by. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/process_facts.h"

namespace caisson::inspect {

/// What the facts are shown with.
struct Shown {
  HostClock clock;
  std::function<std::string(std::uint32_t uid)> user;  ///< a user's name in the container; its number without one
  std::function<std::string(std::uint32_t gid)> group;
  std::function<std::string(std::uint32_t uid)> host_user;
  std::function<std::string(std::uint32_t gid)> host_group;
  std::uint64_t all_capabilities = 0;  ///< that this kernel has
};

/// A column to be shown.
struct Column {
  std::string_view name;
  std::string heading;
};

/// Whose view of pids and users a name means where both have one: podman's descriptors are the container's, ps's the
/// host's.
enum class View { kContainer, kHost };

/// The column of the name ("pid", "%cpu", "capeff"). Error: there is none.
Result<Column> find_column(std::string_view name, View view);

/// A process's text in a column that find_column() gave; control characters are shown as "?".
std::string cell(const Column& column, View view, const ProcessFacts& facts, const Shown& shown);

/// The names in the text of an /etc/passwd or /etc/group, by their numbers; lines that are none are left out.
std::map<std::uint32_t, std::string> names_by_id(std::string_view text);

/// Those of podman, for help.
std::vector<std::string_view> descriptor_names();

}  // namespace caisson::inspect
