#include "cgroup/conversion.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/writes.h"

namespace caisson::cgroup {

namespace {

Result<Place> place_below_own(const std::string& path, const HostFacts& facts) {
  const auto refuse = [&](std::string_view why) {
    return fail(in("linux.cgroupsPath", complaint(fmt::format("{}: '{}'", why, path), "as in \"/caisson/NAME\"")));
  };
  if (!path.starts_with('/') || path == "/") return refuse("not a path below the root of each hierarchy");
  if (clean_path(path) != path) return refuse("not a plain path");
  Place place;
  for (const CgroupHierarchy& hierarchy : facts.hierarchies) place.paths.push_back(hierarchy.own + path);
  return place;
}

// 0 is written as 1: no process but the first. A group that may hold none could not be started (runc since 1.4 does the
// same).
Result<> convert_pids(std::int64_t limit, Writes& writes) {
  constexpr std::string_view kItem = "linux.resources.pids.limit";
  const std::string value = limit < 0 ? "max" : fmt::format("{}", std::max<std::int64_t>(limit, 1));
  writes.write(*TRY(writes.need({"pids"}, kItem)), "pids.max", value, kItem);
  return {};
}

Result<> convert_hugepages(const std::vector<spec::HugepageLimit>& limits, Writes& writes) {
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string item = fmt::format("linux.resources.hugepageLimits[{}]", i);
    const std::string& size = limits[i].page_size;  // becomes part of a file name
    const bool unit = size.size() > 2 && size.ends_with('B') &&
                      std::string_view("KMG").find(size[size.size() - 2]) != std::string_view::npos;
    if (!unit || !parse_unsigned(std::string_view(size).substr(0, size.size() - 2))) {
      return fail(in(item, complaint(fmt::format("not a page size: '{}'", size), "as in \"2MB\"")));
    }
    const CgroupHierarchy* hierarchy = TRY(writes.need({"hugetlb"}, item));
    const std::string value = fmt::format("{}", limits[i].limit);
    const char* limit = hierarchy->unified ? "max" : "limit_in_bytes";
    writes.write(*hierarchy, fmt::format("hugetlb.{}.{}", size, limit), value, item);
    if (writes.kernel_has(5, 7)) writes.write(*hierarchy, fmt::format("hugetlb.{}.rsvd.{}", size, limit), value, item);
  }
  return {};
}

Result<> convert_rdma(const std::map<std::string, spec::RdmaLimit>& limits, Writes& writes) {
  for (const auto& [device, limit] : limits) {
    const std::string item = fmt::format("linux.resources.rdma.{}", device);
    if (device.empty() || device.find_first_of(" \t\n") != std::string::npos) {
      return fail(in(item, complaint(fmt::format("not the name of a device: '{}'", device), "as in \"mlx5_1\"")));
    }
    std::string value = device;
    if (limit.handles) value += fmt::format(" hca_handle={}", *limit.handles);
    if (limit.objects) value += fmt::format(" hca_object={}", *limit.objects);
    if (value != device) writes.write(*TRY(writes.need({"rdma"}, item)), "rdma.max", value, item);
  }
  return {};
}

// These decide about the group itself and its processes, which is caisson's own business.
bool is_reserved(std::string_view key) {
  constexpr std::array kReserved = {"cgroup.procs", "cgroup.threads",         "cgroup.type",
                                    "cgroup.kill",  "cgroup.subtree_control", "cgroup.freeze"};
  return std::find(kReserved.begin(), kReserved.end(), key) != kReserved.end();
}

// Files of cgroup v2 by name, written last, so that they win.
Result<> convert_unified(const std::map<std::string, std::string>& files, Writes& writes) {
  for (const auto& [file, value] : files) {
    const std::string item = fmt::format("linux.resources.unified.{}", file);
    if (writes.facts().cgroup_mode != CgroupMode::kV2) {
      return fail(in(item, complaint("invalid configuration: this host's limits are set by cgroup v1",
                                     "use the limits that have names of their own in linux.resources")));
    }
    const Cut name = cut(file, '.');
    if (!name.tail || name.head.empty() || name.tail->empty() || file.find('/') != std::string::npos ||
        file.find('\0') != std::string::npos) {
      return fail(in(item, complaint("not the name of a cgroup file", "as in \"memory.high\"")));
    }
    if (is_reserved(file)) return fail(in(item, complaint("this file is caisson's own to write")));
    const CgroupHierarchy* hierarchy =
        name.head == "cgroup" ? &writes.facts().hierarchies.front() : TRY(writes.need({name.head}, item));
    for (const std::string_view line : split(value, '\n')) {
      if (!line.empty()) writes.write(*hierarchy, file, std::string(line), item);
    }
  }
  return {};
}

}  // namespace

Result<Layout> layout(const spec::Resources& resources, const std::string& path, const HostFacts& facts) {
  return layout(resources, TRY(place_below_own(path, facts)), facts);
}

Result<Layout> layout(const spec::Resources& resources, const Place& place, const HostFacts& facts) {
  Writes writes(facts, place);
  TRY(convert_devices(resources.devices, writes));
  TRY(convert_memory(resources.memory, writes));
  TRY(convert_cpu(resources.cpu, writes));
  if (resources.pids_limit) TRY(convert_pids(*resources.pids_limit, writes));
  TRY(convert_block_io(resources.block_io, writes));
  TRY(convert_hugepages(resources.hugepage_limits, writes));
  TRY(convert_network(resources.network, writes));
  TRY(convert_rdma(resources.rdma, writes));
  TRY(convert_unified(resources.unified, writes));
  return writes.finish();
}

}  // namespace caisson::cgroup
