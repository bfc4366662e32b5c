// Names that the specification takes from the kernel's headers, with the kernel's numbers. They are what this version
// knows, and what it says that it does.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace caisson::spec {

struct KernelName {
  std::string_view name;
  std::uint32_t number = 0;
};

/// sched_setattr(2). What SCHED_ISO is reserved for was never written.
inline constexpr std::array kSchedulerPolicies = {
    KernelName{"SCHED_OTHER", 0},    KernelName{"SCHED_FIFO", 1}, KernelName{"SCHED_RR", 2},
    KernelName{"SCHED_BATCH", 3},    KernelName{"SCHED_ISO", 4},  KernelName{"SCHED_IDLE", 5},
    KernelName{"SCHED_DEADLINE", 6},
};
inline constexpr std::array kSchedulerFlags = {
    KernelName{"SCHED_FLAG_RESET_ON_FORK", 0x01},  KernelName{"SCHED_FLAG_RECLAIM", 0x02},
    KernelName{"SCHED_FLAG_DL_OVERRUN", 0x04},     KernelName{"SCHED_FLAG_KEEP_POLICY", 0x08},
    KernelName{"SCHED_FLAG_KEEP_PARAMS", 0x10},    KernelName{"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    KernelName{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};

/// ioprio_set(2).
inline constexpr std::array kIoClasses = {
    KernelName{"IOPRIO_CLASS_RT", 1},
    KernelName{"IOPRIO_CLASS_BE", 2},
    KernelName{"IOPRIO_CLASS_IDLE", 3},
};

/// personality(2).
inline constexpr std::array kPersonalityDomains = {KernelName{"LINUX", 0}, KernelName{"LINUX32", 8}};

/// set_mempolicy(2): Linux 5.15 for MPOL_PREFERRED_MANY, 6.9 for MPOL_WEIGHTED_INTERLEAVE.
inline constexpr std::array kMemoryPolicyModes = {
    KernelName{"MPOL_DEFAULT", 0},
    KernelName{"MPOL_PREFERRED", 1},
    KernelName{"MPOL_BIND", 2},
    KernelName{"MPOL_INTERLEAVE", 3},
    KernelName{"MPOL_LOCAL", 4},
    KernelName{"MPOL_PREFERRED_MANY", 5},
    KernelName{"MPOL_WEIGHTED_INTERLEAVE", 6},
};
inline constexpr std::array kMemoryPolicyFlags = {
    KernelName{"MPOL_F_NUMA_BALANCING", 1U << 13},
    KernelName{"MPOL_F_RELATIVE_NODES", 1U << 14},
    KernelName{"MPOL_F_STATIC_NODES", 1U << 15},
};

/// The clocks that a time namespace has of its own (time_namespaces(7)).
inline constexpr std::array<std::string_view, 2> kTimeOffsetClocks = {"monotonic", "boottime"};

/// The entry of `names` that is called `name`, or null.
constexpr const KernelName* find_name(std::span<const KernelName> names, std::string_view name) {
  for (const KernelName& entry : names) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

/// The name of `number`; empty if it has none.
constexpr std::string_view name_of(std::span<const KernelName> names, std::uint32_t number) {
  for (const KernelName& entry : names) {
    if (entry.number == number) return entry.name;
  }
  return {};
}

}  // namespace caisson::spec
