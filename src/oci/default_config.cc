#include "oci/default_config.h"

#include <algorithm>

#include "spec/capability.h"

namespace caisson::oci {

namespace {

using spec::Mount;
using spec::NamespaceType;

std::vector<Mount> default_mounts() {
  return {
      {"/proc", "proc", "proc", {}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
      {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
      {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
  };
}

spec::Process default_process() {
  std::uint64_t kept = 0;
  for (const char* name : {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"})
    kept |= spec::capability_bit(spec::capability_number(name).value_or(0));
  return {.terminal = true,
          .args = {"sh"},
          .env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"},
          .cwd = "/",
          .capabilities = spec::Capabilities{.bounding = kept, .effective = kept, .permitted = kept},
          .rlimits = {{"RLIMIT_NOFILE", 1024, 1024}},
          .no_new_privileges = true};
}

}  // namespace

spec::Config default_config(CgroupMode mode) {
  spec::Config config;
  config.root = {.path = "rootfs", .readonly = true};
  config.process = default_process();
  config.hostname = "caisson";
  config.mounts = default_mounts();
  for (const NamespaceType type :
       {NamespaceType::kPid, NamespaceType::kNetwork, NamespaceType::kIpc, NamespaceType::kUts, NamespaceType::kMount})
    config.linux_.namespaces.push_back({type, ""});
  if (mode == CgroupMode::kV2) config.linux_.namespaces.push_back({NamespaceType::kCgroup, ""});
  config.linux_.resources.devices = {{.allow = false, .access = "rwm"}};
  config.linux_.masked_paths = {"/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
                                "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                                "/sys/firmware",       "/proc/scsi"};
  config.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return config;
}

spec::Config rootless_config(std::uint32_t uid, std::uint32_t gid, CgroupMode mode) {
  spec::Config config = default_config(mode);
  std::erase_if(config.linux_.namespaces, [](const spec::Namespace& n) { return n.type == NamespaceType::kNetwork; });
  config.linux_.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux_.uid_mappings = {{0, uid, 1}};
  config.linux_.gid_mappings = {{0, gid, 1}};
  config.linux_.resources = {};
  for (Mount& mount : config.mounts) {
    // No group but its own is there to own terminals; the network's part of sysfs belongs to the host.
    std::erase_if(mount.options, [](const std::string& option) { return option.starts_with("gid="); });
    if (mount.type == "sysfs") mount = {"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}};
  }
  return config;
}

}  // namespace caisson::oci
