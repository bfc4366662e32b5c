// Limits, the cgroup they are set in, and devices.
#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/compose_topics.h"
#include "engine/defaults.h"
#include "engine/mount_grammar.h"

namespace caisson::engine {

namespace {

// docker takes a zero for "not given".
template <class T>
std::optional<T> given(const std::optional<T>& value) {
  return value == T{0} ? std::nullopt : value;
}

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Nodes that the runtime makes itself, and directories that are mounts of the container's own.
bool is_the_containers_own(const std::string& path) {
  constexpr std::array<std::string_view, 8> kNodes = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                                      "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/console"};
  constexpr std::array<std::string_view, 3> kDirectories = {"/dev/pts/", "/dev/shm/", "/dev/mqueue/"};
  return std::find(kNodes.begin(), kNodes.end(), path) != kNodes.end() ||
         std::any_of(kDirectories.begin(), kDirectories.end(),
                     [&](std::string_view directory) { return path.starts_with(directory); });
}

// The item of the configuration that stands for the device: a node, or a bind of the host's where none can be made.
std::string add_device(const Composing& c, const HostDevice& device, std::string path) {
  if (c.user_namespace().own) {
    std::vector<spec::Mount>& mounts = c.config().mounts;
    mounts.push_back({.destination = std::move(path),
                      .type = "bind",
                      .source = device.path,
                      .options = {"bind", "nosuid", "noexec", "rprivate"},
                      .uid_mappings = {},
                      .gid_mappings = {}});
    return fmt::format("mounts[{}]", mounts.size() - 1);
  }
  std::vector<spec::Device>& devices = c.config().linux_.devices;
  spec::Device node{.path = std::move(path),
                    .type = device.type,
                    .major = device.major,
                    .minor = device.minor,
                    .file_mode = device.mode & 07777U,
                    .uid = device.uid,
                    .gid = device.gid};
  const auto same =
      std::find_if(devices.begin(), devices.end(), [&](const spec::Device& d) { return d.path == node.path; });
  if (same != devices.end()) {
    *same = std::move(node);
    return fmt::format("linux.devices[{}]", same - devices.begin());
  }
  devices.push_back(std::move(node));
  return fmt::format("linux.devices[{}]", devices.size() - 1);
}

Result<> add_choice(const Composing& c, const DeviceChoice& choice) {
  const auto found = c.around.devices.find(choice.source);
  if (found == c.around.devices.end() || found->second.empty()) {
    return fail(in(choice.typed, complaint(fmt::format("'{}' is no device of this host, and no directory with devices",
                                                       choice.source))));
  }
  std::vector<spec::DeviceRule>& rules = c.config().linux_.resources.devices;
  for (const HostDevice& device : found->second) {
    // A directory's nodes keep their place below it.
    const std::string path =
        choice.destination + device.path.substr(std::min(choice.source.size(), device.path.size()));
    c.out.origins[add_device(c, device, path)] = choice.typed;
    if (c.options.privileged) continue;
    c.out.origins[fmt::format("linux.resources.devices[{}]", rules.size())] = choice.typed;
    rules.push_back(
        {.allow = true, .type = device.type, .major = device.major, .minor = device.minor, .access = choice.access});
  }
  return {};
}

// The device that a limit names.
Result<HostDevice> limited_device(const Composing& c, const DeviceLimit& limit) {
  const auto found = c.around.limited_devices.find(limit.device);
  if (found != c.around.limited_devices.end() && found->second.type == 'b') return found->second;
  return fail(in(limit.typed, complaint(fmt::format("'{}' is no block device of this host", limit.device))));
}

struct RateRow {
  std::vector<DeviceLimit> RunOptions::* limits;
  std::vector<spec::ThrottleDevice> spec::BlockIo::* throttles;
  std::string_view key;  // in the configuration
};
constexpr std::array kRates = {
    RateRow{&RunOptions::read_bps, &spec::BlockIo::throttle_read_bps, "throttleReadBpsDevice"},
    RateRow{&RunOptions::write_bps, &spec::BlockIo::throttle_write_bps, "throttleWriteBpsDevice"},
    RateRow{&RunOptions::read_iops, &spec::BlockIo::throttle_read_iops, "throttleReadIOPSDevice"},
    RateRow{&RunOptions::write_iops, &spec::BlockIo::throttle_write_iops, "throttleWriteIOPSDevice"},
};

// The rules need the v1 controller, or v2, where a program attached to the cgroup enforces them: that is not for
// ordinary users, who can make no device nodes either.
bool can_restrict_devices(const HostFacts& facts) {
  if (facts.cgroup_mode == CgroupMode::kV2) return !facts.is_ordinary_user();
  return facts.hierarchy("devices") != nullptr;
}

}  // namespace

Result<> compose_memory(const Composing& c) {
  const RunOptions& o = c.options;
  spec::Memory& memory = c.config().linux_.resources.memory;
  memory.limit = given(o.memory_bytes);
  memory.reservation = given(o.memory_reservation_bytes);
  memory.swap = given(o.memory_swap_bytes);
  c.origin("linux.resources.memory.limit", "memory");
  c.origin("linux.resources.memory.reservation", "memory-reservation");
  if (o.oom_kill_disable) {
    memory.disable_oom_killer = true;
    c.origin("linux.resources.memory.disableOOMKiller", "oom-kill-disable");
    if (!memory.limit) {
      c.out.warnings.push_back(
          fmt::format("{} without --memory: when the host runs short, others are killed for this container",
                      c.typed("oom-kill-disable")));
    }
  }
  c.origin("linux.resources.memory.swap", "memory-swap");

  if (memory.swap && !memory.limit) {
    return fail(
        in(c.typed("memory-swap"), complaint("it is memory and swap together, so --memory has to be given too")));
  }
  if (memory.swap && *memory.swap != -1 && *memory.swap < *memory.limit) {
    return fail(
        in(c.typed("memory-swap"),
           complaint(fmt::format("it is memory and swap together, so it cannot be below {}", c.typed("memory")))));
  }
  if (memory.reservation && memory.limit && *memory.reservation > *memory.limit) {
    return fail(in(c.typed("memory-reservation"), complaint(fmt::format("it is above {}", c.typed("memory")))));
  }
  if (memory.limit && !memory.swap) {  // as much swap again, as docker and podman have it
    memory.swap = *memory.limit > kMost / 2 ? kMost : *memory.limit * 2;
    c.origin("linux.resources.memory.swap", "memory");
  }
  if (o.memory_swappiness && *o.memory_swappiness >= 0) {
    memory.swappiness = static_cast<std::uint64_t>(*o.memory_swappiness);
    c.origin("linux.resources.memory.swappiness", "memory-swappiness");
  }
  return {};
}

Result<> compose_cpu(const Composing& c) {
  const RunOptions& o = c.options;
  spec::Cpu& cpu = c.config().linux_.resources.cpu;
  cpu.shares = given(o.cpu_shares);
  cpu.quota = given(o.cpu_quota_us);
  cpu.period = given(o.cpu_period_us);
  cpu.cpus = o.cpuset_cpus;
  cpu.mems = o.cpuset_mems;
  cpu.realtime_runtime = given(o.cpu_rt_runtime_us);
  cpu.realtime_period = given(o.cpu_rt_period_us);
  c.origin("linux.resources.cpu.shares", "cpu-shares");
  c.origin("linux.resources.cpu.realtimeRuntime", "cpu-rt-runtime");
  c.origin("linux.resources.cpu.realtimePeriod", "cpu-rt-period");
  c.origin("linux.resources.cpu.quota", "cpu-quota");
  c.origin("linux.resources.cpu.period", "cpu-period");
  c.origin("linux.resources.cpu.cpus", "cpuset-cpus");
  c.origin("linux.resources.cpu.mems", "cpuset-mems");

  const std::optional<std::int64_t> nano = given(o.nano_cpus);
  if (!nano) return {};
  if (cpu.quota || cpu.period) {
    return fail(complaint(fmt::format("{} and {} exclude each other: the first is a quota in a period of {} µs",
                                      c.typed("cpus"), c.typed(cpu.quota ? "cpu-quota" : "cpu-period"), kCpuPeriodUs)));
  }
  if (c.around.online_cpus != 0 && *nano > std::int64_t{c.around.online_cpus} * 1'000'000'000) {
    return fail(complaint(fmt::format("{}: this host has {} CPUs", c.typed("cpus"), c.around.online_cpus)));
  }
  cpu.period = kCpuPeriodUs;
  cpu.quota = *nano * static_cast<std::int64_t>(kCpuPeriodUs) / 1'000'000'000;
  c.origin("linux.resources.cpu.quota", "cpus");
  c.origin("linux.resources.cpu.period", "cpus");
  return {};
}

void compose_other_limits(const Composing& c) {
  const RunOptions& o = c.options;
  spec::Resources& resources = c.config().linux_.resources;
  if (o.pids_limit) {
    resources.pids_limit = *o.pids_limit <= 0 ? -1 : *o.pids_limit;
    c.origin("linux.resources.pids.limit", "pids-limit");
  }
  for (const Sysctl& file : o.cgroup_files) {
    resources.unified[file.name] = file.value;
    c.out.origins["linux.resources.unified." + file.name] = file.typed;
  }
  resources.block_io.weight = given(o.blkio_weight);
  c.origin("linux.resources.blockIO.weight", "blkio-weight");
}

Result<> compose_block_io(const Composing& c) {
  const RunOptions& o = c.options;
  spec::BlockIo& block_io = c.config().linux_.resources.block_io;
  for (const DeviceLimit& limit : o.blkio_weights) {
    const HostDevice device = TRY(limited_device(c, limit));
    c.out.origins[fmt::format("linux.resources.blockIO.weightDevice[{}]", block_io.weight_device.size())] = limit.typed;
    block_io.weight_device.push_back({.major = device.major,
                                      .minor = device.minor,
                                      .weight = static_cast<std::uint16_t>(limit.value),
                                      .leaf_weight = std::nullopt});
  }
  for (const RateRow& row : kRates) {
    std::vector<spec::ThrottleDevice>& throttles = block_io.*row.throttles;
    for (const DeviceLimit& limit : o.*row.limits) {
      const HostDevice device = TRY(limited_device(c, limit));
      c.out.origins[fmt::format("linux.resources.blockIO.{}[{}]", row.key, throttles.size())] = limit.typed;
      throttles.push_back({.major = device.major, .minor = device.minor, .rate = limit.value});
    }
  }
  return {};
}

void compose_cgroup(const Composing& c) {
  const RunOptions& o = c.options;
  spec::Resources& resources = c.config().linux_.resources;
  // At the top of each hierarchy unless told otherwise: a directory above it would be made and left for every first
  // container.
  if (!o.makes_cgroup) return;
  const std::string parent = o.cgroup_parent.empty() ? std::string() : clean_path("/" + o.cgroup_parent);
  c.config().linux_.cgroups_path =
      parent.empty() ? std::string(kCgroupPrefix) + c.around.id : (parent == "/" ? "" : parent) + "/" + c.around.id;
  c.origin("linux.cgroupsPath", "cgroup-parent");
  if (!o.pids_limit && c.around.facts.hierarchy("pids") != nullptr) resources.pids_limit = kDefaultPids;
}

Result<> compose_devices(const Composing& c) {
  std::vector<spec::DeviceRule>& rules = c.config().linux_.resources.devices;
  if (c.options.privileged) {
    rules.push_back({.allow = true, .type = 'a', .major = std::nullopt, .minor = std::nullopt, .access = "rwm"});
    c.origin("linux.resources.devices[0]", "privileged");
    for (const HostDevice& device : c.around.all_devices) {
      if (is_the_containers_own(device.path)) continue;
      c.origin(add_device(c, device, device.path), "privileged");
    }
  } else {
    rules = default_device_rules();
  }
  for (const DeviceChoice& choice : c.options.devices) TRY(add_choice(c, choice));
  for (const DeviceRuleChoice& rule : c.options.device_rules) {
    c.out.origins[fmt::format("linux.resources.devices[{}]", rules.size())] = rule.typed;
    rules.push_back(
        {.allow = true, .type = rule.type, .major = rule.major, .minor = rule.minor, .access = rule.access});
  }
  if (can_restrict_devices(c.around.facts)) return {};

  if (!c.options.device_rules.empty() && !c.options.privileged) {
    return fail(in(c.options.device_rules[0].typed,
                   complaint(c.around.facts.is_ordinary_user() ? "an ordinary user cannot set rules for devices"
                                                               : "this host has no cgroup controller for devices")));
  }
  rules.clear();
  std::erase_if(c.out.origins, [](const auto& origin) { return origin.first.starts_with("linux.resources.devices["); });
  if (!c.options.privileged && !c.around.facts.is_ordinary_user()) {
    c.out.warnings.emplace_back(
        "this host has no cgroup controller for devices: which of them the container may use is bounded by its "
        "capabilities alone");
  }
  return {};
}

}  // namespace caisson::engine
