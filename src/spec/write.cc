#include <nlohmann/json.hpp>

#include "spec/capability.h"
#include "spec/json.h"
#include "spec/state.h"
#include "spec/validate.h"

namespace caisson::spec {

namespace {

using Ordered = nlohmann::ordered_json;  // keys in the order in which the specification has them

template <class T>
void put(Ordered& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

// Lists, maps and strings that are not empty; objects that have keys.
template <class T>
void put(Ordered& object, const char* key, const T& value) {
  if (!value.empty()) object[key] = value;
}

template <class T, class Write>
void put_list(Ordered& object, const char* key, const std::vector<T>& list, Write write) {
  for (const T& element : list) object[key].push_back(write(element));
}

Ordered write_id_mapping(const IdMapping& m) {
  return {{"containerID", m.container_id}, {"hostID", m.host_id}, {"size", m.size}};
}

Ordered write_mount(const Mount& mount) {
  Ordered object = {{"destination", mount.destination}};
  put(object, "type", mount.type);
  put(object, "source", mount.source);
  put(object, "options", mount.options);
  put_list(object, "uidMappings", mount.uid_mappings, write_id_mapping);
  put_list(object, "gidMappings", mount.gid_mappings, write_id_mapping);
  return object;
}

Ordered write_user(const User& user) {
  Ordered object = {{"uid", user.uid}, {"gid", user.gid}};
  put(object, "umask", user.umask);
  put(object, "additionalGids", user.additional_gids);
  return object;
}

// Numbers that are not 0: the specification has no other way of saying that one is not given.
template <class T>
void put_number(Ordered& object, const char* key, T value) {
  if (value != 0) object[key] = value;
}

Ordered write_scheduler(const Scheduler& scheduler) {
  Ordered object = {{"policy", scheduler.policy}};
  put_number(object, "nice", scheduler.nice);
  put_number(object, "priority", scheduler.priority);
  put(object, "flags", scheduler.flags);
  put_number(object, "runtime", scheduler.runtime);
  put_number(object, "deadline", scheduler.deadline);
  put_number(object, "period", scheduler.period);
  return object;
}

Ordered write_process(const Process& process) {
  Ordered object;
  if (process.terminal) object["terminal"] = true;
  if (process.console_size)
    object["consoleSize"] = {{"height", process.console_size->height}, {"width", process.console_size->width}};
  object["user"] = write_user(process.user);
  put(object, "args", process.args);
  put(object, "env", process.env);
  object["cwd"] = process.cwd;
  if (process.capabilities) {
    const Capabilities& sets = *process.capabilities;
    object["capabilities"] = {{"bounding", capability_names(sets.bounding)},
                              {"effective", capability_names(sets.effective)},
                              {"inheritable", capability_names(sets.inheritable)},
                              {"permitted", capability_names(sets.permitted)},
                              {"ambient", capability_names(sets.ambient)}};
  }
  put_list(object, "rlimits", process.rlimits, [](const Rlimit& limit) {
    return Ordered{{"type", limit.type}, {"hard", limit.hard}, {"soft", limit.soft}};
  });
  if (process.no_new_privileges) object["noNewPrivileges"] = true;
  put(object, "apparmorProfile", process.apparmor_profile);
  put(object, "selinuxLabel", process.selinux_label);
  put(object, "oomScoreAdj", process.oom_score_adj);
  if (process.scheduler) object["scheduler"] = write_scheduler(*process.scheduler);
  if (process.io_priority)
    object["ioPriority"] = {{"class", process.io_priority->class_}, {"priority", process.io_priority->priority}};
  if (const auto& affinity = process.exec_cpu_affinity) {
    object["execCPUAffinity"] = Ordered::object();
    put(object["execCPUAffinity"], "initial", affinity->initial);
    put(object["execCPUAffinity"], "final", affinity->final_);
  }
  return object;
}

Ordered write_device(const Device& device) {
  Ordered object = {
      {"path", device.path}, {"type", std::string(1, device.type)}, {"major", device.major}, {"minor", device.minor}};
  put(object, "fileMode", device.file_mode);
  object["uid"] = device.uid;
  object["gid"] = device.gid;
  return object;
}

Ordered write_device_rule(const DeviceRule& rule) {
  Ordered object = {{"allow", rule.allow}, {"type", std::string(1, rule.type)}};
  put(object, "major", rule.major);
  put(object, "minor", rule.minor);
  put(object, "access", rule.access);
  return object;
}

Ordered write_memory(const Memory& memory) {
  Ordered object;
  put(object, "limit", memory.limit);
  put(object, "reservation", memory.reservation);
  put(object, "swap", memory.swap);
  put(object, "kernel", memory.kernel);
  put(object, "kernelTCP", memory.kernel_tcp);
  put(object, "swappiness", memory.swappiness);
  put(object, "disableOOMKiller", memory.disable_oom_killer);
  put(object, "useHierarchy", memory.use_hierarchy);
  put(object, "checkBeforeUpdate", memory.check_before_update);
  return object;
}

Ordered write_cpu(const Cpu& cpu) {
  Ordered object;
  put(object, "shares", cpu.shares);
  put(object, "quota", cpu.quota);
  put(object, "period", cpu.period);
  put(object, "burst", cpu.burst);
  put(object, "realtimeRuntime", cpu.realtime_runtime);
  put(object, "realtimePeriod", cpu.realtime_period);
  put(object, "cpus", cpu.cpus);
  put(object, "mems", cpu.mems);
  put(object, "idle", cpu.idle);
  return object;
}

Ordered write_block_io(const BlockIo& block_io) {
  const auto throttle = [](const ThrottleDevice& d) {
    return Ordered{{"major", d.major}, {"minor", d.minor}, {"rate", d.rate}};
  };
  Ordered object;
  put(object, "weight", block_io.weight);
  put(object, "leafWeight", block_io.leaf_weight);
  put_list(object, "weightDevice", block_io.weight_device, [](const WeightDevice& d) {
    Ordered device = {{"major", d.major}, {"minor", d.minor}};
    put(device, "weight", d.weight);
    put(device, "leafWeight", d.leaf_weight);
    return device;
  });
  put_list(object, "throttleReadBpsDevice", block_io.throttle_read_bps, throttle);
  put_list(object, "throttleWriteBpsDevice", block_io.throttle_write_bps, throttle);
  put_list(object, "throttleReadIOPSDevice", block_io.throttle_read_iops, throttle);
  put_list(object, "throttleWriteIOPSDevice", block_io.throttle_write_iops, throttle);
  return object;
}

Ordered write_resources(const Resources& resources) {
  Ordered object;
  put_list(object, "devices", resources.devices, write_device_rule);
  put(object, "memory", write_memory(resources.memory));
  put(object, "cpu", write_cpu(resources.cpu));
  if (resources.pids_limit) object["pids"] = {{"limit", *resources.pids_limit}};
  put(object, "blockIO", write_block_io(resources.block_io));
  put_list(object, "hugepageLimits", resources.hugepage_limits,
           [](const HugepageLimit& limit) { return Ordered{{"pageSize", limit.page_size}, {"limit", limit.limit}}; });
  if (resources.network.class_id) object["network"]["classID"] = *resources.network.class_id;
  for (const InterfacePriority& interface : resources.network.priorities) {
    object["network"]["priorities"].push_back({{"name", interface.name}, {"priority", interface.priority}});
  }
  for (const auto& [device, limit] : resources.rdma) {
    Ordered entry = Ordered::object();
    if (limit.handles) entry["hcaHandles"] = *limit.handles;
    if (limit.objects) entry["hcaObjects"] = *limit.objects;
    object["rdma"][device] = entry;
  }
  put(object, "unified", resources.unified);
  return object;
}

Ordered write_seccomp(const Seccomp& seccomp) {
  const auto write_argument = [](const SeccompArgument& a) {
    Ordered object = {{"index", a.index}, {"value", a.value}};
    if (a.value_two != 0) object["valueTwo"] = a.value_two;
    object["op"] = operator_word(a.op);
    return object;
  };
  Ordered object = {{"defaultAction", action_word(seccomp.default_action)}};
  put(object, "defaultErrnoRet", seccomp.default_errno_ret);
  put(object, "architectures", seccomp.architectures);
  put(object, "flags", seccomp.flags);
  put(object, "listenerPath", seccomp.listener_path);
  put(object, "listenerMetadata", seccomp.listener_metadata);
  put_list(object, "syscalls", seccomp.syscalls, [&](const SeccompRule& rule) {
    Ordered entry = {{"names", rule.names}, {"action", action_word(rule.action)}};
    put(entry, "errnoRet", rule.errno_ret);
    put_list(entry, "args", rule.args, write_argument);
    return entry;
  });
  return object;
}

Ordered write_personality(const Personality& personality) {
  Ordered object = {{"domain", personality.domain}};
  put(object, "flags", personality.flags);
  return object;
}

Ordered write_memory_policy(const MemoryPolicy& policy) {
  Ordered object = {{"mode", policy.mode}};
  put(object, "nodes", policy.nodes);
  put(object, "flags", policy.flags);
  return object;
}

Ordered write_intel_rdt(const IntelRdt& rdt) {
  Ordered object = Ordered::object();
  put(object, "closID", rdt.clos_id);
  put(object, "l3CacheSchema", rdt.l3_cache_schema);
  put(object, "memBwSchema", rdt.mem_bw_schema);
  put(object, "schemata", rdt.schemata);
  if (rdt.enable_monitoring) object["enableMonitoring"] = true;
  return object;
}

Ordered write_linux(const Linux& linux_config) {
  Ordered object;
  put_list(object, "uidMappings", linux_config.uid_mappings, write_id_mapping);
  put_list(object, "gidMappings", linux_config.gid_mappings, write_id_mapping);
  put(object, "sysctl", linux_config.sysctl);
  put(object, "resources", write_resources(linux_config.resources));
  put(object, "cgroupsPath", linux_config.cgroups_path);
  put_list(object, "namespaces", linux_config.namespaces, [](const Namespace& name_space) {
    Ordered entry = {{"type", namespace_word(name_space.type)}};
    put(entry, "path", name_space.path);
    return entry;
  });
  put_list(object, "devices", linux_config.devices, write_device);
  put(object, "rootfsPropagation", linux_config.rootfs_propagation);
  put(object, "maskedPaths", linux_config.masked_paths);
  put(object, "readonlyPaths", linux_config.readonly_paths);
  if (linux_config.seccomp) object["seccomp"] = write_seccomp(*linux_config.seccomp);
  if (linux_config.personality) object["personality"] = write_personality(*linux_config.personality);
  if (linux_config.memory_policy) object["memoryPolicy"] = write_memory_policy(*linux_config.memory_policy);
  for (const auto& [clock, offset] : linux_config.time_offsets)
    object["timeOffsets"][clock] = {{"secs", offset.secs}, {"nanosecs", offset.nanosecs}};
  put(object, "mountLabel", linux_config.mount_label);
  for (const auto& [host_name, device] : linux_config.net_devices) {
    Ordered entry = Ordered::object();
    put(entry, "name", device.name);
    object["netDevices"][host_name] = entry;
  }
  if (linux_config.intel_rdt) object["intelRdt"] = write_intel_rdt(*linux_config.intel_rdt);
  return object;
}

Ordered write_hook(const Hook& hook) {
  Ordered object = {{"path", hook.path}};
  put(object, "args", hook.args);
  put(object, "env", hook.env);
  put(object, "timeout", hook.timeout_s);
  return object;
}

Ordered write_hooks(const Hooks& hooks) {
  Ordered object;
  for (const HookList& kind : kHookLists) put_list(object, kind.name, hooks.*kind.list, write_hook);
  return object;
}

std::string dump(const Ordered& object) { return object.dump(-1, ' ', false, Ordered::error_handler_t::replace); }

}  // namespace

StateText write_state(const State& state) {
  std::string head = dump({{"ociVersion", state.oci_version}, {"id", state.id}, {"status", state.status}});
  Ordered rest = {{"bundle", state.bundle}};
  put(rest, "annotations", state.annotations);
  head.back() = ',';
  return {.before_pid = head + "\"pid\":",
          .after_pid = "," + dump(rest).substr(1),
          .without_pid = head + dump(rest).substr(1)};
}

Result<std::string> replace_resources(std::string_view json, const Resources& resources) {
  Ordered document = Ordered::parse(json, nullptr, false);
  if (!document.is_object()) return fail(complaint("the configuration is no JSON object"));
  document["linux"]["resources"] = write_resources(resources);
  return dump(document);
}

std::string write_config(const Config& config) {
  Ordered object = {{"ociVersion", config.oci_version}};
  object["process"] = write_process(config.process);
  if (!config.root.path.empty()) {
    object["root"] = {{"path", config.root.path}};
    if (config.root.readonly) object["root"]["readonly"] = true;
  }
  put(object, "hostname", config.hostname);
  put(object, "domainname", config.domainname);
  put_list(object, "mounts", config.mounts, write_mount);
  put(object, "hooks", write_hooks(config.hooks));
  put(object, "linux", write_linux(config.linux_));
  put(object, "annotations", config.annotations);
  return object.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace caisson::spec
