#include <algorithm>

#include "base/text.h"
#include "spec/read.h"
#include "spec/read_seccomp.h"
#include "spec/validate.h"

namespace caisson::spec {

namespace {

void read_namespace(Fields& fields, Namespace& name_space) {
  std::string word;
  fields.require("type", word);
  fields.read("path", name_space.path);
  if (word.empty()) return;
  const auto found = std::find_if(kNamespaceTypes.begin(), kNamespaceTypes.end(),
                                  [&](NamespaceType type) { return namespace_word(type) == word; });
  if (found != kNamespaceTypes.end()) {
    name_space.type = *found;
    return;
  }
  std::vector<std::string_view> words;
  for (const NamespaceType type : kNamespaceTypes) words.push_back(namespace_word(type));
  const std::optional<std::string_view> meant = nearest(word, words);
  fields.error("type", meant ? fmt::format("unknown namespace '{}': did you mean '{}'?", word, *meant)
                             : fmt::format("unknown namespace '{}'", word));
}

// The types that `allowed` lists, each one letter.
void read_letter(Fields& fields, std::string_view key, std::string_view allowed, char& target) {
  std::string word;
  fields.read(key, word);
  if (word.empty()) return;
  if (word.size() == 1 && allowed.find(word[0]) != std::string_view::npos) {
    target = word[0];
  } else {
    fields.error(key, fmt::format("'{}' is not one of the letters {}", word, allowed));
  }
}

void read_device(Fields& fields, Device& device) {
  std::string type;
  fields.require("type", type);
  if (!type.empty()) read_letter(fields, "type", "cbup", device.type);
  fields.require("path", device.path);
  if (device.type == 'p') {
    fields.read("major", device.major);
    fields.read("minor", device.minor);
  } else {
    fields.require("major", device.major);
    fields.require("minor", device.minor);
  }
  fields.read("fileMode", device.file_mode);
  fields.read("uid", device.uid);
  fields.read("gid", device.gid);
}

void read_device_rule(Fields& fields, DeviceRule& rule) {
  fields.require("allow", rule.allow);
  read_letter(fields, "type", "abc", rule.type);
  fields.read("major", rule.major);
  fields.read("minor", rule.minor);
  fields.read("access", rule.access);
  if (rule.major == -1) rule.major.reset();  // how Go programs say "all"
  if (rule.minor == -1) rule.minor.reset();
}

void read_memory(Fields& fields, Memory& memory) {
  fields.read("limit", memory.limit);
  fields.read("reservation", memory.reservation);
  fields.read("swap", memory.swap);
  fields.read("kernel", memory.kernel);
  fields.read("kernelTCP", memory.kernel_tcp);
  fields.read("swappiness", memory.swappiness);
  fields.read("disableOOMKiller", memory.disable_oom_killer);
  fields.read("useHierarchy", memory.use_hierarchy);
  fields.read("checkBeforeUpdate", memory.check_before_update);
}

void read_cpu(Fields& fields, Cpu& cpu) {
  fields.read("shares", cpu.shares);
  fields.read("quota", cpu.quota);
  fields.read("period", cpu.period);
  fields.read("burst", cpu.burst);
  fields.read("realtimeRuntime", cpu.realtime_runtime);
  fields.read("realtimePeriod", cpu.realtime_period);
  fields.read("cpus", cpu.cpus);
  fields.read("mems", cpu.mems);
  fields.read("idle", cpu.idle);
}

void read_throttle(Fields& fields, ThrottleDevice& device) {
  fields.require("major", device.major);
  fields.require("minor", device.minor);
  fields.require("rate", device.rate);
}

void read_weight_device(Fields& fields, WeightDevice& device) {
  fields.require("major", device.major);
  fields.require("minor", device.minor);
  fields.read("weight", device.weight);
  fields.read("leafWeight", device.leaf_weight);
}

void read_block_io(Fields& fields, BlockIo& block_io) {
  fields.read("weight", block_io.weight);
  fields.read("leafWeight", block_io.leaf_weight);
  fields.list("weightDevice", block_io.weight_device, read_weight_device);
  fields.list("throttleReadBpsDevice", block_io.throttle_read_bps, read_throttle);
  fields.list("throttleWriteBpsDevice", block_io.throttle_write_bps, read_throttle);
  fields.list("throttleReadIOPSDevice", block_io.throttle_read_iops, read_throttle);
  fields.list("throttleWriteIOPSDevice", block_io.throttle_write_iops, read_throttle);
}

void read_hugepage_limit(Fields& fields, HugepageLimit& limit) {
  fields.require("pageSize", limit.page_size);
  fields.require("limit", limit.limit);
}

void read_interface_priority(Fields& fields, InterfacePriority& interface) {
  fields.require("name", interface.name);
  fields.require("priority", interface.priority);
}

void read_network(Fields& fields, Network& network) {
  fields.read("classID", network.class_id);
  fields.list("priorities", network.priorities, read_interface_priority);
}

void read_personality(Fields& fields, Personality& personality) {
  fields.require("domain", personality.domain);
  fields.read("flags", personality.flags);
}

void read_memory_policy(Fields& fields, MemoryPolicy& policy) {
  fields.require("mode", policy.mode);
  fields.read("nodes", policy.nodes);
  fields.read("flags", policy.flags);
}

void read_time_offset(Fields& fields, TimeOffset& offset) {
  fields.read("secs", offset.secs);
  fields.read("nanosecs", offset.nanosecs);
}

void read_rdma_limit(Fields& fields, RdmaLimit& limit) {
  fields.read("hcaHandles", limit.handles);
  fields.read("hcaObjects", limit.objects);
}

void read_intel_rdt(Fields& fields, IntelRdt& rdt) {
  fields.read("closID", rdt.clos_id);
  fields.read("l3CacheSchema", rdt.l3_cache_schema);
  fields.read("memBwSchema", rdt.mem_bw_schema);
  fields.read("schemata", rdt.schemata);
  fields.read("enableMonitoring", rdt.enable_monitoring);
}

}  // namespace

void read_id_mapping(Fields& fields, IdMapping& mapping) {
  fields.require("containerID", mapping.container_id);
  fields.require("hostID", mapping.host_id);
  fields.require("size", mapping.size);
}

void read_resources(Fields& fields, Resources& resources) {
  fields.list("devices", resources.devices, read_device_rule);
  fields.object("memory", [&](Fields& memory) { read_memory(memory, resources.memory); });
  fields.object("cpu", [&](Fields& cpu) { read_cpu(cpu, resources.cpu); });
  fields.object("pids", [&](Fields& pids) { pids.read("limit", resources.pids_limit); });
  fields.object("blockIO", [&](Fields& block_io) { read_block_io(block_io, resources.block_io); });
  fields.list("hugepageLimits", resources.hugepage_limits, read_hugepage_limit);
  fields.read("unified", resources.unified);
  fields.map("rdma", resources.rdma, read_rdma_limit);
  fields.object("network", [&](Fields& network) { read_network(network, resources.network); });
}

void read_linux(Fields& fields, Linux& linux_config) {
  fields.list("uidMappings", linux_config.uid_mappings, read_id_mapping);
  fields.list("gidMappings", linux_config.gid_mappings, read_id_mapping);
  fields.read("sysctl", linux_config.sysctl);
  fields.read("cgroupsPath", linux_config.cgroups_path);
  fields.list("namespaces", linux_config.namespaces, read_namespace);
  fields.list("devices", linux_config.devices, read_device);
  fields.object("resources", [&](Fields& resources) { read_resources(resources, linux_config.resources); });
  fields.read("rootfsPropagation", linux_config.rootfs_propagation);
  fields.read("maskedPaths", linux_config.masked_paths);
  fields.read("readonlyPaths", linux_config.readonly_paths);
  fields.object("seccomp", [&](Fields& seccomp) { read_seccomp(seccomp, linux_config.seccomp.emplace()); });
  fields.object("personality", [&](Fields& value) { read_personality(value, linux_config.personality.emplace()); });
  fields.object("memoryPolicy",
                [&](Fields& value) { read_memory_policy(value, linux_config.memory_policy.emplace()); });
  fields.map("timeOffsets", linux_config.time_offsets, read_time_offset);
  fields.read("mountLabel", linux_config.mount_label);
  fields.map("netDevices", linux_config.net_devices,
             [](Fields& device, NetDevice& target) { device.read("name", target.name); });
  fields.object("intelRdt", [&](Fields& rdt) { read_intel_rdt(rdt, linux_config.intel_rdt.emplace()); });
}

}  // namespace caisson::spec
