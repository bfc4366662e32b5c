#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "cgroup/writes.h"

namespace caisson::cgroup {

namespace {

Result<const CgroupHierarchy*> need_v1(std::string_view controller, const std::string& item, Writes& writes) {
  if (writes.facts().cgroup_mode == CgroupMode::kV2) {
    return fail(
        in(item, complaint("cgroup v2 marks no packets", "match cgroups in the firewall: meta cgroup, -m cgroup")));
  }
  return writes.need({controller}, item);
}

// It becomes a word of a line (dev_valid_name in net/core/dev.c).
bool is_interface_name(std::string_view name) {
  constexpr std::size_t kLongest = 15;
  return !name.empty() && name.size() <= kLongest && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\0' || c == ' ' || (c >= '\t' && c <= '\r');
  });
}

}  // namespace

Result<> convert_network(const spec::Network& network, Writes& writes) {
  const std::string base = "linux.resources.network.";
  if (network.class_id.value_or(0) != 0) {
    const std::string item = base + "classID";
    writes.write(*TRY(need_v1("net_cls", item, writes)), "net_cls.classid", fmt::format("{}", *network.class_id), item);
  }
  for (std::size_t i = 0; i < network.priorities.size(); ++i) {
    const std::string item = base + "priorities";
    const spec::InterfacePriority& interface = network.priorities[i];
    const CgroupHierarchy* hierarchy = TRY(need_v1("net_prio", item, writes));
    if (!is_interface_name(interface.name)) {
      return fail(in(fmt::format("{}[{}]", item, i),
                     complaint(fmt::format("not the name of a network interface: '{}'", interface.name))));
    }
    writes.write(*hierarchy, "net_prio.ifpriomap", fmt::format("{} {}", interface.name, interface.priority), item);
  }
  return {};
}

}  // namespace caisson::cgroup
