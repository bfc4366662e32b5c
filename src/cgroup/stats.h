// What a container uses, as its cgroups count it: of v1, hybrid and v2, in one shape.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/pressure.h"

namespace caisson::cgroup {

struct CpuStats {  // nanoseconds
  std::uint64_t total_ns = 0;
  std::uint64_t kernel_ns = 0;
  std::uint64_t user_ns = 0;
  std::vector<std::uint64_t> per_cpu_ns;  ///< v1 alone has these three
  std::vector<std::uint64_t> per_cpu_kernel_ns;
  std::vector<std::uint64_t> per_cpu_user_ns;
  std::uint64_t periods = 0;  ///< of the quota
  std::uint64_t throttled_periods = 0;
  std::uint64_t throttled_ns = 0;
  std::optional<Pressure> pressure;
};

/// v1 alone.
struct CpusetStats {
  std::vector<std::uint16_t> cpus;
  std::vector<std::uint16_t> mems;
  std::uint64_t cpu_exclusive = 0;
  std::uint64_t mem_hardwall = 0;
  std::uint64_t mem_exclusive = 0;
  std::uint64_t memory_migrate = 0;
  std::uint64_t memory_spread_page = 0;
  std::uint64_t memory_spread_slab = 0;
  std::uint64_t memory_pressure = 0;
  std::uint64_t sched_load_balance = 0;
  std::int64_t sched_relax_domain_level = 0;
};

struct MemoryEntry {        // bytes
  std::uint64_t limit = 0;  ///< the largest number: none
  std::uint64_t usage = 0;
  std::uint64_t max = 0;
  std::uint64_t failures = 0;  ///< times that the limit was hit
};

struct MemoryStats {
  std::uint64_t cache = 0;
  MemoryEntry usage;
  MemoryEntry swap;  ///< memory and swap together, as v1 counts them, on v2 too
  MemoryEntry kernel;
  MemoryEntry kernel_tcp;
  std::map<std::string, std::uint64_t> raw;  ///< memory.stat
  std::optional<Pressure> pressure;
};

struct PidsStats {
  std::uint64_t current = 0;
  std::uint64_t limit = 0;  ///< 0: none
};

struct BlockIoEntry {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::string op;  ///< "Read", "Write", "Sync", "Async", "Discard", "Total"; empty where nothing is told apart
  std::uint64_t value = 0;
  bool operator==(const BlockIoEntry&) const = default;
};

/// Each with the cgroups below. Those that only v1 with BFQ or CFQ has are empty elsewhere.
struct BlockIoStats {
  std::vector<BlockIoEntry> service_bytes;
  std::vector<BlockIoEntry> serviced;
  std::vector<BlockIoEntry> queued;
  std::vector<BlockIoEntry> service_time;
  std::vector<BlockIoEntry> wait_time;
  std::vector<BlockIoEntry> merged;
  std::vector<BlockIoEntry> time;
  std::vector<BlockIoEntry> sectors;
  std::optional<Pressure> pressure;
};

struct HugepageStats {
  std::uint64_t usage = 0;
  std::uint64_t max = 0;
  std::uint64_t failures = 0;
};

struct RdmaEntry {
  std::string device;
  std::uint32_t handles = 0;
  std::uint32_t objects = 0;
};

struct Stats {
  CpuStats cpu;
  CpusetStats cpuset;
  MemoryStats memory;
  PidsStats pids;
  BlockIoStats block_io;
  std::map<std::string, HugepageStats> hugepages;  ///< by size: "2MB"
  std::vector<RdmaEntry> rdma_current;
  std::vector<RdmaEntry> rdma_limit;
};

/// The statistics of the container that has the cgroups `directories` (Layout::directories). What a kernel or a
/// hierarchy does not count is 0, empty or absent: a container without memory cgroup still has the rest.
Stats read_stats(const std::vector<std::string>& directories);

/// "0-2,7" → 0, 1, 2, 7 (cpuset(7), "List format"); what is no number is left out. Pure.
std::vector<std::uint16_t> parse_list(std::string_view text);

}  // namespace caisson::cgroup
