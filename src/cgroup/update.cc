#include "cgroup/update.h"

namespace caisson::cgroup {

namespace {

template <class T>
void take(std::optional<T>& present, const std::optional<T>& change) {
  if (change && *change != T{}) present = change;
}

// 0 says something.
template <class T>
void take_any(std::optional<T>& present, const std::optional<T>& change) {
  if (change) present = change;
}

void take(std::string& present, const std::string& change) {
  if (!change.empty()) present = change;
}

void merge(spec::Memory& present, const spec::Memory& change) {
  take(present.limit, change.limit);
  take(present.reservation, change.reservation);
  take(present.swap, change.swap);
  take(present.kernel_tcp, change.kernel_tcp);
  take_any(present.swappiness, change.swappiness);
  take_any(present.disable_oom_killer, change.disable_oom_killer);
  take_any(present.check_before_update, change.check_before_update);
}

void merge(spec::Cpu& present, const spec::Cpu& change) {
  take(present.shares, change.shares);
  take(present.quota, change.quota);
  take(present.period, change.period);
  take_any(present.burst, change.burst);
  take(present.realtime_runtime, change.realtime_runtime);
  take(present.realtime_period, change.realtime_period);
  take(present.cpus, change.cpus);
  take(present.mems, change.mems);
  take_any(present.idle, change.idle);
}

// Lists are by device: one that is given replaces the one of the same device.
template <class Device>
void merge(std::vector<Device>& present, const std::vector<Device>& change) {
  for (const Device& device : change) {
    std::erase_if(present, [&](const Device& d) { return d.major == device.major && d.minor == device.minor; });
    present.push_back(device);
  }
}

void merge(spec::BlockIo& present, const spec::BlockIo& change) {
  take(present.weight, change.weight);
  take(present.leaf_weight, change.leaf_weight);
  merge(present.weight_device, change.weight_device);
  merge(present.throttle_read_bps, change.throttle_read_bps);
  merge(present.throttle_write_bps, change.throttle_write_bps);
  merge(present.throttle_read_iops, change.throttle_read_iops);
  merge(present.throttle_write_iops, change.throttle_write_iops);
}

// A v2 cgroup has one file for quota and period. What is not given stays as it is.
void complete_bandwidth(spec::Cpu& change, const spec::Cpu& present) {
  const bool quota = change.quota.value_or(0) != 0, period = change.period.value_or(0) != 0;
  if (quota && !period) change.period = present.period;
  if (period && !quota) change.quota = present.quota;
}

// Swap is what is left of memory and swap together, which v2 limits alone.
void complete_swap(spec::Memory& change, const spec::Memory& present) {
  if (change.swap.value_or(0) > 0 && change.limit.value_or(0) == 0) change.limit = present.limit;
}

bool lifts_memory_alone(const spec::Memory& change) {
  return change.limit.value_or(0) == -1 && change.swap.value_or(0) == 0;
}

Result<Layout> layout_of_update(const spec::Resources& present, const spec::Resources& change, const Place& place,
                                const HostFacts& facts) {
  spec::Resources wanted = change;
  wanted.devices.clear();
  const CgroupHierarchy* cpu = facts.hierarchy("cpu");
  if (cpu != nullptr && cpu->unified) complete_bandwidth(wanted.cpu, present.cpu);
  complete_swap(wanted.memory, present.memory);
  const bool lifts_swap = lifts_memory_alone(wanted.memory);
  if (lifts_swap) wanted.memory.swap = -1;
  Layout layout = TRY(cgroup::layout(wanted, place, facts));
  if (change.memory.limit.value_or(0) == 0) {
    std::erase_if(layout.writes, [](const FileWrite& write) { return write.item == "linux.resources.memory.limit"; });
  }
  for (FileWrite& write : layout.writes) {
    if (lifts_swap && write.item == "linux.resources.memory.swap") write.may_be_missing = true;
  }
  return layout;
}

}  // namespace

spec::Resources merged(const spec::Resources& present, const spec::Resources& change) {
  spec::Resources all = present;
  merge(all.memory, change.memory);
  if (lifts_memory_alone(change.memory)) all.memory.swap.reset();
  merge(all.cpu, change.cpu);
  take_any(all.pids_limit, change.pids_limit);
  merge(all.block_io, change.block_io);
  for (const spec::HugepageLimit& limit : change.hugepage_limits) {
    std::erase_if(all.hugepage_limits, [&](const auto& l) { return l.page_size == limit.page_size; });
    all.hugepage_limits.push_back(limit);
  }
  take(all.network.class_id, change.network.class_id);
  for (const spec::InterfacePriority& interface : change.network.priorities) {
    std::erase_if(all.network.priorities, [&](const auto& i) { return i.name == interface.name; });
    all.network.priorities.push_back(interface);
  }
  for (const auto& [device, limit] : change.rdma) all.rdma[device] = limit;
  for (const auto& [file, value] : change.unified) all.unified[file] = value;
  return all;
}

Result<std::vector<FileWrite>> update_writes(const spec::Resources& present, const spec::Resources& change,
                                             const Place& place, const HostFacts& facts) {
  return std::move(TRY(layout_of_update(present, change, place, facts)).writes);
}

Result<std::vector<EnabledControllers>> update_controllers(const spec::Resources& present,
                                                           const spec::Resources& change, const Place& place,
                                                           const HostFacts& facts) {
  return std::move(TRY(layout_of_update(present, change, place, facts)).enabled);
}

}  // namespace caisson::cgroup
