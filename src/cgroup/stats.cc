#include "cgroup/stats.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "cgroup/evidence.h"
#include "cgroup/files.h"
#include "cgroup/stats_parts.h"

namespace caisson::cgroup {

namespace {

constexpr std::uint64_t kMicrosecond_ns = 1000;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> list = split(line, ' ');
  std::erase(list, std::string_view());
  return list;
}

// cpuacct counts user and kernel time in clock ticks.
std::uint64_t ticks_to_ns(std::uint64_t ticks) {
  static const auto kTicks = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  return ticks * (1'000'000'000 / kTicks);
}

// "cpu user system", then a line for each.
void read_usage_of_cpus(const Files& files, CpuStats& cpu) {
  const std::string all = files.read("cpuacct.usage_all").value_or("");
  for (const std::string_view line : split(all, '\n')) {
    const std::vector<std::string_view> word = words(line);
    if (word.size() != 3 || !parse_unsigned(word[0])) continue;
    cpu.per_cpu_user_ns.push_back(parse_unsigned(word[1]).value_or(0));
    cpu.per_cpu_kernel_ns.push_back(parse_unsigned(word[2]).value_or(0));
  }
  const std::string each = files.read("cpuacct.usage_percpu").value_or("");
  for (const std::string_view word : words(cut(each, '\n').head)) {
    if (const auto ns = parse_unsigned(word)) cpu.per_cpu_ns.push_back(*ns);
  }
}

void read_cpu(const Files& files, CpuStats& cpu) {
  if (const auto usage_ns = files.number("cpuacct.usage")) {
    cpu.total_ns = *usage_ns;
    const std::string stat = files.read("cpuacct.stat").value_or("");
    cpu.user_ns = ticks_to_ns(value_of(stat, "user").value_or(0));
    cpu.kernel_ns = ticks_to_ns(value_of(stat, "system").value_or(0));
    read_usage_of_cpus(files, cpu);
  }
  const std::optional<std::string> stat = files.read("cpu.stat");
  if (!stat) return;
  if (const auto usage_us = value_of(*stat, "usage_usec"); usage_us && cpu.total_ns == 0) {
    cpu.total_ns = *usage_us * kMicrosecond_ns;
    cpu.user_ns = value_of(*stat, "user_usec").value_or(0) * kMicrosecond_ns;
    cpu.kernel_ns = value_of(*stat, "system_usec").value_or(0) * kMicrosecond_ns;
  }
  const auto periods = value_of(*stat, "nr_periods");
  if (!periods) return;
  cpu.periods = *periods;
  cpu.throttled_periods = value_of(*stat, "nr_throttled").value_or(0);
  cpu.throttled_ns =
      value_of(*stat, "throttled_time").value_or(value_of(*stat, "throttled_usec").value_or(0) * kMicrosecond_ns);
}

void read_cpuset(const Files& files, CpusetStats& cpuset) {
  const std::optional<std::string> cpus = files.read("cpuset.cpus");
  const std::optional<std::string> level = files.read("cpuset.sched_relax_domain_level");
  if (!cpus || !level) return;  // v2 has no such level, and its cpus are no statistics
  cpuset.cpus = parse_list(cut(*cpus, '\n').head);
  const std::string mems = files.read("cpuset.mems").value_or("");
  cpuset.mems = parse_list(cut(mems, '\n').head);
  cpuset.sched_relax_domain_level = parse_signed(cut(*level, '\n').head).value_or(0);
  cpuset.cpu_exclusive = files.count("cpuset.cpu_exclusive");
  cpuset.mem_hardwall = files.count("cpuset.mem_hardwall");
  cpuset.mem_exclusive = files.count("cpuset.mem_exclusive");
  cpuset.memory_migrate = files.count("cpuset.memory_migrate");
  cpuset.memory_spread_page = files.count("cpuset.memory_spread_page");
  cpuset.memory_spread_slab = files.count("cpuset.memory_spread_slab");
  cpuset.memory_pressure = files.count("cpuset.memory_pressure");
  cpuset.sched_load_balance = files.count("cpuset.sched_load_balance");
}

void read_pids(const Files& files, PidsStats& pids) {
  if (const auto current = files.number("pids.current")) {
    pids.current = *current;
    pids.limit = files.number("pids.max").value_or(0);
  }
}

// hugetlb.2MB.usage_in_bytes on v1, hugetlb.2MB.current on v2; what is reserved, where that is counted.
void read_hugepages(const Files& files, std::map<std::string, HugepageStats>& hugepages) {
  for (const std::string& name : files.names()) {
    if (!name.starts_with("hugetlb.")) continue;
    const std::string size(cut(std::string_view(name).substr(8), '.').head);
    const std::string base = "hugetlb." + size;
    if (name == base + ".usage_in_bytes") {
      const std::string of = files.read(base + ".rsvd.usage_in_bytes") ? base + ".rsvd" : base;
      hugepages[size] = {.usage = files.count(of + ".usage_in_bytes"),
                         .max = files.count(of + ".max_usage_in_bytes"),
                         .failures = files.count(of + ".failcnt")};
    } else if (name == base + ".current") {
      const std::string of = files.read(base + ".rsvd.current") ? base + ".rsvd" : base;
      hugepages[size] = {.usage = files.count(of + ".current"),
                         .max = 0,
                         .failures = value_of(files.read(base + ".events").value_or(""), "max").value_or(0)};
    }
  }
}

// "mlx4_0 hca_handle=2 hca_object=max"
std::vector<RdmaEntry> parse_rdma(std::string_view text) {
  std::vector<RdmaEntry> entries;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> word = words(line);
    if (word.size() < 2) continue;
    RdmaEntry entry{.device = std::string(word[0])};
    for (const std::string_view pair : word) {
      const Cut parts = cut(pair, '=');
      if (!parts.tail) continue;
      const std::uint32_t value = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(parse_unsigned(*parts.tail).value_or(UINT32_MAX), UINT32_MAX));
      if (parts.head == "hca_handle") entry.handles = value;
      if (parts.head == "hca_object") entry.objects = value;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

void read_rdma(const Files& files, Stats& stats) {
  if (const auto current = files.read("rdma.current")) stats.rdma_current = parse_rdma(*current);
  if (const auto limit = files.read("rdma.max")) stats.rdma_limit = parse_rdma(*limit);
}

// Only of the hierarchy that counts: a hybrid host's unified one shows pressure too, of the same cgroup.
void read_pressures(const std::vector<std::string>& directories, Stats& stats) {
  std::map<std::string, Pressure> pressure = read_pressure(directories);
  const auto of = [&](const char* resource) {
    const auto found = pressure.find(resource);
    return found == pressure.end() ? std::nullopt : std::optional(found->second);
  };
  stats.cpu.pressure = of("cpu");
  stats.memory.pressure = of("memory");
  stats.block_io.pressure = of("io");
}

}  // namespace

std::vector<std::uint16_t> parse_list(std::string_view text) {
  std::vector<std::uint16_t> numbers;
  for (const std::string_view range : split(text, ',')) {
    const Cut ends = cut(range, '-');
    const auto first = parse_unsigned(ends.head);
    const auto last = ends.tail ? parse_unsigned(*ends.tail) : first;
    if (!first || !last || *last > UINT16_MAX) continue;
    for (std::uint64_t number = *first; number <= *last; ++number)
      numbers.push_back(static_cast<std::uint16_t>(number));
  }
  return numbers;
}

Stats read_stats(const std::vector<std::string>& directories) {
  Stats stats;
  for (const std::string& directory : directories) {
    const Files files(directory);
    read_cpu(files, stats.cpu);
    read_cpuset(files, stats.cpuset);
    read_memory(files, stats.memory);
    read_pids(files, stats.pids);
    read_block_io(files, stats.block_io);
    read_hugepages(files, stats.hugepages);
    read_rdma(files, stats);
  }
  read_pressures(directories, stats);
  return stats;
}

}  // namespace caisson::cgroup
