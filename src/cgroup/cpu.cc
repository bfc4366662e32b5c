#include <cmath>

#include <fmt/format.h>

#include "cgroup/writes.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kShares = "linux.resources.cpu.shares";
constexpr std::string_view kQuota = "linux.resources.cpu.quota";
constexpr std::string_view kPeriod = "linux.resources.cpu.period";
constexpr std::string_view kBurst = "linux.resources.cpu.burst";
constexpr std::uint64_t kDefaultPeriod = 100'000;

Result<> convert_shares(std::uint64_t shares, Writes& writes) {
  const CgroupHierarchy* hierarchy = TRY(writes.need({"cpu"}, kShares));
  if (hierarchy->unified) {
    writes.write(*hierarchy, "cpu.weight", fmt::format("{}", cpu_weight(shares)), kShares);
    return {};
  }
  if (shares < 2 || shares > 262'144) {  // the kernel would take the nearest and say nothing
    return fail(in(kShares, complaint(fmt::format("{} is not from 2 to 262144", shares))));
  }
  writes.write(*hierarchy, "cpu.shares", fmt::format("{}", shares), kShares);
  return {};
}

// In a new cgroup nothing is limited: any period goes, then the quota in it, then the burst, which may not be above the
// quota.
Result<> convert_bandwidth(const spec::Cpu& cpu, Writes& writes) {
  const std::uint64_t period = cpu.period.value_or(0);
  const std::int64_t quota = cpu.quota.value_or(0);
  if (period != 0 || quota != 0) {
    const std::string_view item = quota != 0 ? kQuota : kPeriod;
    const CgroupHierarchy* hierarchy = TRY(writes.need({"cpu"}, item));
    if (hierarchy->unified) {
      writes.write(
          *hierarchy, "cpu.max",
          fmt::format("{} {}", quota > 0 ? fmt::format("{}", quota) : "max", period != 0 ? period : kDefaultPeriod),
          item);
    } else {
      if (period != 0) writes.write(*hierarchy, "cpu.cfs_period_us", fmt::format("{}", period), kPeriod);
      if (quota != 0) writes.write(*hierarchy, "cpu.cfs_quota_us", fmt::format("{}", quota > 0 ? quota : -1), kQuota);
    }
  }
  if (cpu.burst) {
    const CgroupHierarchy* hierarchy = TRY(writes.need({"cpu"}, kBurst));
    writes.write(*hierarchy, hierarchy->unified ? "cpu.max.burst" : "cpu.cfs_burst_us", fmt::format("{}", *cpu.burst),
                 kBurst);
  }
  return {};
}

Result<> convert_realtime(const spec::Cpu& cpu, Writes& writes) {
  const auto one = [&](std::string_view item, const char* file, std::string value) -> Result<> {
    const CgroupHierarchy* hierarchy = TRY(writes.need({"cpu"}, item));
    if (hierarchy->unified) return fail(in(item, complaint("cgroup v2 has no limit for real-time tasks")));
    writes.write(*hierarchy, file, std::move(value), item);
    return {};
  };
  if (cpu.realtime_period.value_or(0) != 0) {
    TRY(one("linux.resources.cpu.realtimePeriod", "cpu.rt_period_us", fmt::format("{}", *cpu.realtime_period)));
  }
  if (cpu.realtime_runtime.value_or(0) != 0) {
    TRY(one("linux.resources.cpu.realtimeRuntime", "cpu.rt_runtime_us", fmt::format("{}", *cpu.realtime_runtime)));
  }
  return {};
}

Result<> convert_cpuset(std::string_view item, const char* file, const std::string& list, Writes& writes) {
  if (list.empty()) return {};
  if (list.find_first_not_of("0123456789-,") != std::string::npos) {
    return fail(in(item, complaint(fmt::format("not a list of numbers and ranges: '{}'", list), "as in \"0-3,8\"")));
  }
  writes.write(*TRY(writes.need({"cpuset"}, item)), file, list, item);
  return {};
}

}  // namespace

std::uint64_t cpu_weight(std::uint64_t shares) {
  if (shares == 0) return 0;
  if (shares <= 2) return 1;
  if (shares >= 262'144) return 10'000;
  const double l = std::log2(static_cast<double>(shares));
  const double weight = std::pow(10.0, (l * l + 125 * l) / 612 - 7.0 / 34);
  return static_cast<std::uint64_t>(
      std::ceil(weight - 1e-9));  // 1024 shares are exactly 100, whatever the last bit says
}

Result<> convert_cpu(const spec::Cpu& cpu, Writes& writes) {
  if (cpu.shares.value_or(0) != 0) TRY(convert_shares(*cpu.shares, writes));
  TRY(convert_bandwidth(cpu, writes));
  TRY(convert_realtime(cpu, writes));
  if (cpu.idle) {  // after the shares, which an idle group refuses
    constexpr std::string_view kItem = "linux.resources.cpu.idle";
    if (*cpu.idle != 0 && *cpu.idle != 1)
      return fail(in(kItem, complaint(fmt::format("{} is neither 0 nor 1", *cpu.idle))));
    writes.write(*TRY(writes.need({"cpu"}, kItem)), "cpu.idle", fmt::format("{}", *cpu.idle), kItem);
  }
  TRY(convert_cpuset("linux.resources.cpu.cpus", "cpuset.cpus", cpu.cpus, writes));
  return convert_cpuset("linux.resources.cpu.mems", "cpuset.mems", cpu.mems, writes);
}

}  // namespace caisson::cgroup
