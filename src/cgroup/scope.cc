#include "cgroup/scope.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kItem = "linux.cgroupsPath";
constexpr std::string_view kSliceSuffix = ".slice";
constexpr std::size_t kLongestName = 255;  // systemd.unit(5)

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '-' ||
         c == '_' || c == '.' || c == '\\';
}

// What an id may hold and a unit's name may not, as systemd-escape(1) writes it.
std::string escaped(std::string_view id) {
  std::string name;
  for (const char c : id)
    name += is_plain(c) ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return name;
}

std::unexpected<Error> refuse(std::string complaint_text, std::string hint = {}) {
  return fail(in(kItem, complaint(std::move(complaint_text), std::move(hint))));
}

Result<> check_unit(std::string_view unit) {
  if (!std::ranges::all_of(unit, is_plain)) {
    return refuse(fmt::format("'{}' cannot be the name of a unit", unit),
                  "systemd allows letters, digits and :-_.\\ in it: systemd-escape writes others");
  }
  if (unit.size() > kLongestName) {
    return refuse(fmt::format("a unit's name may have {} characters, this one has {}", kLongestName, unit.size()));
  }
  return {};
}

}  // namespace

Result<std::string> slice_path(std::string_view slice) {
  const auto not_a_slice = [&] {
    return refuse(fmt::format("'{}' is not the name of a slice", slice),
                  "as in \"system.slice\" or \"kube-pods.slice\"");
  };
  if (slice == "-.slice") return std::string();
  if (!slice.ends_with(kSliceSuffix) || !std::ranges::all_of(slice, is_plain)) return not_a_slice();
  const std::string_view name = slice.substr(0, slice.size() - kSliceSuffix.size());
  std::string path;
  std::string prefix;
  for (const std::string_view part : split(name, '-')) {
    if (part.empty()) return not_a_slice();
    prefix += prefix.empty() ? std::string(part) : fmt::format("-{}", part);
    path += fmt::format("/{}{}", prefix, kSliceSuffix);
  }
  return path;
}

Result<Scope> scope(std::string_view cgroups_path, std::string_view own_prefix, std::string_view id,
                    const Systemd& systemd) {
  std::string slice;
  std::string prefix(own_prefix);
  std::string name = escaped(id);
  if (!cgroups_path.empty()) {
    const std::vector<std::string_view> parts = split(cgroups_path, ':');
    if (parts.size() != 3) {
      return refuse(fmt::format("systemd's cgroups are named \"slice:prefix:name\", this is '{}'", cgroups_path),
                    "as in \"system.slice:caisson:web\"; a path is for cgroups without systemd: leave out "
                    "--systemd-cgroup");
    }
    slice = parts[0];
    prefix = parts[1];
    name = parts[2];
  }
  if (name.empty()) return refuse(fmt::format("no name in '{}'", cgroups_path), "as in \"system.slice:caisson:web\"");
  if (name.ends_with(kSliceSuffix)) {
    return refuse(fmt::format("'{}' is the name of a slice, which has no processes of its own", name));
  }
  if (slice.empty()) slice = systemd.is_user ? "user.slice" : "system.slice";
  Scope made{.slice = slice, .unit = prefix.empty() ? name + ".scope" : fmt::format("{}-{}.scope", prefix, name)};
  TRY(check_unit(made.unit));
  made.path = TRY(slice_path(slice)) + "/" + made.unit;
  return made;
}

HostFacts below_systemd(HostFacts facts, std::string_view controllers) {
  const std::string above = facts.systemd ? facts.systemd->control_group : "";
  for (CgroupHierarchy& hierarchy : facts.hierarchies) {
    const bool whole = hierarchy.unified && facts.cgroup_mode == CgroupMode::kV2;
    if (!whole && facts.is_ordinary_user()) continue;  // no part of a v1 hierarchy is ever a user's
    hierarchy.own = above;
    hierarchy.is_writable = true;
    if (!whole) continue;
    hierarchy.controllers.clear();
    for (const std::string_view line : split(controllers, '\n')) {
      for (const std::string_view name : split(line, ' ')) {
        if (!name.empty()) hierarchy.controllers.emplace_back(name);
      }
    }
  }
  return facts;
}

}  // namespace caisson::cgroup
