#include "engine/user_namespace.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::engine {

namespace {

constexpr std::uint32_t kRootAutoSize = 65536;  // as many as /etc/subuid usually gives a user
constexpr std::uint32_t kUserAutoSize = 1024;   // of those, so that there is room for more than one

std::string typed(const RunOptions& options, std::string_view option) {
  const auto found = options.typed.find(std::string(option));
  return found == options.typed.end() ? fmt::format("--{}", option) : found->second;
}

std::uint32_t total(const IdRanges& ranges) {
  std::uint32_t sum = 0;
  for (const IdRange& range : ranges) sum += range.size;
  return sum;
}

// Adds the mapping of `size` container ids from `container` on to the positions from `position` on: one line for each
// range they lie in. False: the row is shorter.
bool add_positions(IdMappings& mappings, const IdRanges& own, std::uint32_t container, std::uint32_t position,
                   std::uint32_t size) {
  for (const IdRange& range : own) {
    if (size == 0) break;
    if (position >= range.size) {
      position -= range.size;
      continue;
    }
    const std::uint32_t count = std::min(size, range.size - position);
    mappings.push_back({container, range.first + position, count});
    container += count;
    size -= count;
    position = 0;
  }
  return size == 0;
}

bool overlaps(const IdMapping& one, const IdMapping& other) {
  const auto apart = [](std::uint64_t a, std::uint64_t a_size, std::uint64_t b, std::uint64_t b_size) {
    return a + a_size <= b || b + b_size <= a;
  };
  return !apart(one.container_id, one.size, other.container_id, other.size) ||
         !apart(one.host_id, one.size, other.host_id, other.size);
}

Result<IdMappings> given(const std::vector<IdMapping>& asked, const IdFacts& facts, const Ids& ids) {
  IdMappings mappings;
  for (const IdMapping& each : asked) {
    if (!facts.ordinary) {
      mappings.push_back({each.container_id, each.host_id, each.size});
    } else if (!add_positions(mappings, ids.own, each.container_id, each.host_id, each.size)) {
      return fail(in(each.typed, complaint(fmt::format("it goes up to number {} of your ids, and you have {}",
                                                       std::uint64_t{each.host_id} + each.size, total(ids.own)),
                                           "0 is your own, the others are those of /etc/subuid and /etc/subgid")));
    }
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (overlaps(asked[i], asked[j]))
        return fail(complaint(fmt::format("{} and {} overlap", asked[j].typed, asked[i].typed)));
    }
  }
  return mappings;
}

// The caller's own id is `inside` in the container; those below and above are subordinate ones (podman-run(1),
// keep-id).
IdMappings keeping(const IdRanges& own, std::uint32_t inside) {
  IdMappings mappings;
  const std::uint32_t others = total(own) - 1;
  const std::uint32_t below = std::min(inside, others);
  add_positions(mappings, own, 0, 1, below);
  add_positions(mappings, own, inside, 0, 1);
  add_positions(mappings, own, inside + 1, below + 1, others - below);
  return mappings;
}

// The first `size` ids in a row that nobody has, of the ranges from `skipped` on.
std::optional<IdMappings> free_range(const Ids& ids, std::uint32_t size, std::size_t skipped) {
  for (std::size_t i = skipped; i < ids.own.size(); ++i) {
    const std::uint64_t end = std::uint64_t{ids.own[i].first} + ids.own[i].size;
    std::uint64_t first = ids.own[i].first;
    for (bool moved = true; moved;) {
      moved = false;
      for (const IdRange& taken : ids.taken) {
        const std::uint64_t taken_end = std::uint64_t{taken.first} + taken.size;
        if (first < taken_end && taken.first < first + size) {
          first = taken_end;
          moved = true;
        }
      }
    }
    if (first + size <= end) return IdMappings{{0, static_cast<std::uint32_t>(first), size}};
  }
  return std::nullopt;
}

Result<UserNamespace> automatic(const RunOptions& options, const IdFacts& facts) {
  const std::uint32_t size = options.userns.size.value_or(facts.ordinary ? kUserAutoSize : kRootAutoSize);
  const std::size_t skipped = facts.ordinary ? 1 : 0;  // the user's own id is for no container
  std::optional<IdMappings> uids = free_range(facts.users, size, skipped);
  std::optional<IdMappings> gids = free_range(facts.groups, size, skipped);
  if (uids && gids) {
    return UserNamespace{.own = true,
                         .path = {},
                         .uids = std::move(*uids),
                         .gids = std::move(*gids),
                         .shifted = !facts.ordinary,
                         .automatic = true};
  }
  const std::string_view file = uids ? "/etc/subgid" : "/etc/subuid";
  const Ids& ids = uids ? facts.groups : facts.users;
  const std::string who = facts.ordinary ? fmt::format("user {}", facts.uid) : "'containers'";
  if (ids.own.size() <= skipped) {
    return fail(
        in(typed(options, "userns"),
           complaint(fmt::format("{} has no ids in {}", who, file),
                     facts.ordinary ? "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 gives some"
                                    : "as in: echo containers:1000000:1048576 >>/etc/subuid, and /etc/subgid")));
  }
  return fail(
      in(typed(options, "userns"),
         complaint(fmt::format("there are no {} ids in a row left for it of those that {} has in {}", size, who, file),
                   "containers that are removed give theirs back; size=N asks for fewer")));
}

Result<UserNamespace> keep_id(const RunOptions& options, const IdFacts& facts) {
  if (!facts.ordinary) {
    return fail(in(typed(options, "userns"), complaint("keep-id is for ordinary users: root's ids are the host's",
                                                       "auto, or --uidmap and --gidmap")));
  }
  return UserNamespace{.own = true,
                       .path = {},
                       .uids = keeping(facts.users.own, options.userns.uid.value_or(facts.uid)),
                       .gids = keeping(facts.groups.own, options.userns.gid.value_or(facts.gid))};
}

UserNamespace joined(const IdFacts& facts, const std::string& path) {
  return {.own = true,
          .path = path,
          .uids = facts.users.joined,
          .gids = facts.groups.joined,
          .shifted = !facts.ordinary && !facts.users.joined.empty()};
}

bool contains(const IdMappings& mappings, std::uint32_t id) {
  return mappings.empty() || host_id(mappings, id).has_value();
}

}  // namespace

bool UserNamespace::has_user(std::uint32_t id) const { return !own || contains(uids, id); }
bool UserNamespace::has_group(std::uint32_t id) const { return !own || contains(gids, id); }

IdRanges subordinate_ranges(std::string_view text, std::string_view name, std::uint32_t id) {
  IdRanges ranges;
  const std::string number = std::to_string(id);
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() != 3 || fields[0].empty() || (fields[0] != name && fields[0] != number)) continue;
    const auto first = parse_unsigned(fields[1]);
    const auto size = parse_unsigned(fields[2]);
    if (!first || !size || *size == 0 || *first + *size > UINT32_MAX) continue;
    ranges.push_back({static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*size)});
  }
  return ranges;
}

Result<UserNamespace> choose_user_namespace(const RunOptions& options, const IdFacts& facts) {
  const UserNamespaceChoice& choice = options.userns;
  if (!options.uidmaps.empty() || !options.gidmaps.empty()) {
    const std::string_view map = options.uidmaps.empty() ? "gidmap" : "uidmap";
    if (choice.kind != UserNamespaceKind::kDefault)
      return fail(
          complaint(fmt::format("{} and {} exclude each other", typed(options, map), typed(options, "userns"))));
    return UserNamespace{
        .own = true,
        .path = {},
        .uids = TRY(given(options.uidmaps.empty() ? options.gidmaps : options.uidmaps, facts, facts.users)),
        .gids = TRY(given(options.gidmaps.empty() ? options.uidmaps : options.gidmaps, facts, facts.groups)),
        .shifted = !facts.ordinary};
  }
  switch (choice.kind) {
    case UserNamespaceKind::kAuto: return automatic(options, facts);
    case UserNamespaceKind::kKeepId: return keep_id(options, facts);
    case UserNamespaceKind::kContainer:
      // One that has none of its own has the host's.
      return facts.joined.empty() ? UserNamespace{} : joined(facts, facts.joined);
    case UserNamespaceKind::kPath: return joined({.ordinary = facts.ordinary}, choice.target);
    case UserNamespaceKind::kDefault:
      if (!facts.joined.empty()) return joined(facts, facts.joined);
      break;
    case UserNamespaceKind::kHost: break;
  }
  if (!facts.ordinary) return UserNamespace{};
  return UserNamespace{
      .own = true, .path = {}, .uids = whole_row(facts.users.own), .gids = whole_row(facts.groups.own)};
}

IdMappings whole_row(const IdRanges& own) {
  IdMappings mappings;
  add_positions(mappings, own, 0, 0, total(own));
  return mappings;
}

IdMappings by_position(const IdMappings& mappings, const IdRanges& own) {
  IdMappings result;
  std::uint32_t position = 0;
  for (const IdRange& range : own) {
    for (const spec::IdMapping& mapping : mappings) {
      const std::uint64_t first = std::max(mapping.host_id, range.first);
      const std::uint64_t end =
          std::min(std::uint64_t{mapping.host_id} + mapping.size, std::uint64_t{range.first} + range.size);
      if (first >= end) continue;
      result.push_back({static_cast<std::uint32_t>(mapping.container_id + (first - mapping.host_id)),
                        static_cast<std::uint32_t>(position + (first - range.first)),
                        static_cast<std::uint32_t>(end - first)});
    }
    position += range.size;
  }
  return result;
}

std::optional<std::uint32_t> host_id(const IdMappings& mappings, std::uint32_t container_id) {
  for (const spec::IdMapping& mapping : mappings) {
    if (container_id >= mapping.container_id && container_id - mapping.container_id < mapping.size)
      return mapping.host_id + (container_id - mapping.container_id);
  }
  return std::nullopt;
}

std::string mapping_words(const IdMappings& mappings) {
  std::string text;
  for (const spec::IdMapping& m : mappings)
    text += fmt::format("{}{}:{}:{}", text.empty() ? "" : ",", m.container_id, m.host_id, m.size);
  return text;
}

std::string mapping_lines(const IdMappings& mappings) {
  std::string text;
  for (const spec::IdMapping& m : mappings) text += fmt::format("{} {} {}\n", m.container_id, m.host_id, m.size);
  return text;
}

}  // namespace caisson::engine
