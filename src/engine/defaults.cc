#include "engine/defaults.h"

#include <linux/capability.h>

#include <fmt/format.h>

#include "spec/capability.h"

namespace caisson::engine {

std::uint64_t default_capabilities() {
  std::uint64_t mask = 0;
  for (const int capability : {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_NET_BIND_SERVICE,
                               CAP_SETFCAP, CAP_SETGID, CAP_SETPCAP, CAP_SETUID, CAP_SYS_CHROOT}) {
    mask |= spec::capability_bit(capability);
  }
  return mask;
}

std::vector<std::string> default_masked_paths(std::uint32_t cpus) {
  std::vector<std::string> paths = {
      "/proc/acpi",        "/proc/interrupts", "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
      "/proc/sched_debug", "/proc/scsi",       "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
      "/sys/firmware",     "/sys/fs/selinux"};
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    paths.push_back(fmt::format("/sys/devices/system/cpu/cpu{}/thermal_throttle", cpu));
  }
  return paths;
}

std::vector<std::string> default_readonly_paths() {
  return {"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
}

std::vector<spec::DeviceRule> default_device_rules() {
  return {{.allow = false, .type = 'a', .major = std::nullopt, .minor = std::nullopt, .access = "rwm"}};
}

}  // namespace caisson::engine
