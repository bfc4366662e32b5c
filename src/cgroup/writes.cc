#include "cgroup/writes.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::cgroup {

namespace {

Error missing(const std::vector<std::string_view>& controllers, const HostFacts& facts) {
  if (facts.cgroup_mode == CgroupMode::kV2) {
    return complaint(
        fmt::format("controller '{}' is not delegated to this cgroup tree", controllers.back()),
        fmt::format("it is missing in {}/cgroup.controllers: enable it in cgroup.subtree_control of every cgroup above "
                    "(under systemd: Delegate=yes), or leave the limit out",
                    facts.hierarchies.empty() ? "/sys/fs/cgroup" : facts.hierarchies.front().place()));
  }
  const std::string_view controller = controllers.front();
  return complaint(
      fmt::format("controller '{}' is mounted nowhere on this host", controller),
      fmt::format(
          "if /proc/cgroups lists it: mount -t cgroup -o {0} cgroup /sys/fs/cgroup/{0}; otherwise this kernel has it "
          "not, or it is switched off on its command line (cgroup_disable={0})",
          controller));
}

Error not_delegated(const CgroupHierarchy& hierarchy, const HostFacts& facts) {
  return complaint(fmt::format("user {} may make no cgroup in {}", facts.effective_uid, hierarchy.place()),
                   "run as root, or leave the limit out");
}

// The directories from `start` down to the parent of `path`: "", "/caisson" of "/caisson/ID".
std::vector<std::string> ancestors(const std::string& path, const std::string& start) {
  std::vector<std::string> above;
  for (std::size_t slash = start.size(); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    above.push_back(path.substr(0, slash));
  }
  return above;
}

}  // namespace

Result<const CgroupHierarchy*> Writes::need(const std::vector<std::string_view>& controllers, std::string_view item) {
  for (const std::string_view controller : controllers) {
    if (const CgroupHierarchy* hierarchy = facts_.hierarchy(controller)) {
      if (!hierarchy->is_writable) return fail(in(item, not_delegated(*hierarchy, facts_)));
      if (path_in(*hierarchy).empty()) {
        return fail(in(item, complaint(fmt::format("the container has no cgroup in {}", hierarchy->path),
                                       "either this user may make none there, or it was not asked for at first")));
      }
      if (hierarchy->unified) enable(*hierarchy, controller, item);
      return hierarchy;
    }
  }
  return fail(in(item, missing(controllers, facts_)));
}

void Writes::enable(const CgroupHierarchy& hierarchy, std::string_view controller, std::string_view item) {
  const bool known =
      std::any_of(enabled_.begin(), enabled_.end(), [&](const Enabled& e) { return e.controller == controller; });
  if (!known) enabled_.push_back({&hierarchy, std::string(controller), std::string(item)});
}

const std::string& Writes::path_in(const CgroupHierarchy& hierarchy) const {
  return place_.paths[static_cast<std::size_t>(&hierarchy - facts_.hierarchies.data())];
}

void Writes::write(const CgroupHierarchy& hierarchy, std::string file, std::string value, std::string_view item) {
  writes_.push_back({directory(hierarchy), std::move(file), std::move(value), std::string(item)});
}

void Writes::or_else(std::string file, std::string value) {
  writes_.back().other_file = std::move(file);
  writes_.back().other_value = std::move(value);
}

bool Writes::kernel_has(unsigned major, unsigned minor) const {
  const auto number = [](std::string_view text) {
    return parse_unsigned(text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()))).value_or(0);
  };
  const Cut release = cut(facts_.kernel, '.');
  const std::uint64_t has_major = number(release.head);
  return has_major > major || (has_major == major && number(release.tail.value_or("")) >= minor);
}

// What is above the place where this process makes its cgroups is somebody else's.
std::vector<EnabledControllers> Writes::enabled_above() const {
  std::vector<EnabledControllers> above;
  if (enabled_.empty()) return above;
  std::string controllers;
  for (const Enabled& enabled : enabled_) {
    controllers += fmt::format("{}+{}", controllers.empty() ? "" : " ", enabled.controller);
  }
  const Enabled& first = enabled_.front();
  const std::string& path = path_in(*first.hierarchy);
  const std::string top = path.starts_with(first.hierarchy->own + "/") ? first.hierarchy->own : "";
  for (const std::string& ancestor : ancestors(path, top)) {
    above.push_back({.directory = first.hierarchy->path + ancestor,
                     .controllers = controllers,
                     .item = first.item,
                     .may_be_vacated = ancestor == top});
  }
  return above;
}

Layout Writes::finish() {
  Layout layout;
  layout.unified = facts_.cgroup_mode == CgroupMode::kV2;
  for (const CgroupHierarchy& hierarchy : facts_.hierarchies) {
    const bool used =
        std::any_of(enabled_.begin(), enabled_.end(), [&](const Enabled& e) { return e.hierarchy == &hierarchy; });
    if (!hierarchy.is_writable || path_in(hierarchy).empty()) continue;
    if (hierarchy.unified ? layout.unified || used : !hierarchy.is_named())
      layout.directories.push_back(directory(hierarchy));
  }
  if (layout.unified) {  // memory and pids tell what happened to a container (evidence.h) also where nothing is limited
    for (const std::string_view controller : {"memory", "pids"}) {
      if (const CgroupHierarchy* hierarchy = facts_.hierarchy(controller);
          hierarchy != nullptr && hierarchy->is_writable)
        enable(*hierarchy, controller, "linux.cgroupsPath");
    }
  }
  layout.enabled = enabled_above();
  layout.writes = std::move(writes_);
  layout.device_rules = std::move(device_rules_);
  return layout;
}

}  // namespace caisson::cgroup
