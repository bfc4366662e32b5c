#include "oci/stats_json.h"

#include <nlohmann/json.hpp>

namespace caisson::oci {

namespace {

using Json = nlohmann::ordered_json;

// A member that is left out when it says nothing.
template <class T>
void put_unless_empty(Json& object, const char* key, const T& value) {
  if constexpr (requires { value.empty(); }) {
    if (!value.empty()) object[key] = value;
  } else {
    if (value != T{}) object[key] = value;
  }
}

Json stall(const std::optional<cgroup::Stall>& stall) {
  const cgroup::Stall s = stall.value_or(cgroup::Stall{});
  return {{"avg10", s.of_10_s}, {"avg60", s.of_60_s}, {"avg300", s.of_300_s}, {"total", s.total_us}};
}

void put_pressure(Json& object, const std::optional<cgroup::Pressure>& pressure) {
  if (pressure) object["psi"] = {{"some", stall(pressure->some)}, {"full", stall(pressure->full)}};
}

Json cpu(const cgroup::CpuStats& stats) {
  Json usage = Json::object();
  put_unless_empty(usage, "total", stats.total_ns);
  put_unless_empty(usage, "percpu", stats.per_cpu_ns);
  put_unless_empty(usage, "percpu_kernel", stats.per_cpu_kernel_ns);
  put_unless_empty(usage, "percpu_user", stats.per_cpu_user_ns);
  usage["kernel"] = stats.kernel_ns;
  usage["user"] = stats.user_ns;
  Json throttling = Json::object();
  put_unless_empty(throttling, "periods", stats.periods);
  put_unless_empty(throttling, "throttledPeriods", stats.throttled_periods);
  put_unless_empty(throttling, "throttledTime", stats.throttled_ns);
  Json object = {{"usage", std::move(usage)}, {"throttling", std::move(throttling)}};
  put_pressure(object, stats.pressure);
  return object;
}

Json cpuset(const cgroup::CpusetStats& stats) {
  Json object = Json::object();
  put_unless_empty(object, "cpus", stats.cpus);
  object["cpu_exclusive"] = stats.cpu_exclusive;
  put_unless_empty(object, "mems", stats.mems);
  object["mem_hardwall"] = stats.mem_hardwall;
  object["mem_exclusive"] = stats.mem_exclusive;
  object["memory_migrate"] = stats.memory_migrate;
  object["memory_spread_page"] = stats.memory_spread_page;
  object["memory_spread_slab"] = stats.memory_spread_slab;
  object["memory_pressure"] = stats.memory_pressure;
  object["sched_load_balance"] = stats.sched_load_balance;
  object["sched_relax_domain_level"] = stats.sched_relax_domain_level;
  return object;
}

Json memory_entry(const cgroup::MemoryEntry& entry) {
  Json object = {{"limit", entry.limit}};
  put_unless_empty(object, "usage", entry.usage);
  put_unless_empty(object, "max", entry.max);
  object["failcnt"] = entry.failures;
  return object;
}

Json memory(const cgroup::MemoryStats& stats) {
  Json object = Json::object();
  put_unless_empty(object, "cache", stats.cache);
  object["usage"] = memory_entry(stats.usage);
  object["swap"] = memory_entry(stats.swap);
  object["kernel"] = memory_entry(stats.kernel);
  object["kernelTCP"] = memory_entry(stats.kernel_tcp);
  put_unless_empty(object, "raw", stats.raw);
  put_pressure(object, stats.pressure);
  return object;
}

Json pids(const cgroup::PidsStats& stats) {
  Json object = Json::object();
  put_unless_empty(object, "current", stats.current);
  put_unless_empty(object, "limit", stats.limit);
  return object;
}

void put_entries(Json& object, const char* key, const std::vector<cgroup::BlockIoEntry>& entries) {
  for (const cgroup::BlockIoEntry& entry : entries) {
    Json row = Json::object();
    put_unless_empty(row, "major", entry.major);
    put_unless_empty(row, "minor", entry.minor);
    put_unless_empty(row, "op", entry.op);
    put_unless_empty(row, "value", entry.value);
    object[key].push_back(std::move(row));
  }
}

Json block_io(const cgroup::BlockIoStats& stats) {
  Json object = Json::object();
  put_entries(object, "ioServiceBytesRecursive", stats.service_bytes);
  put_entries(object, "ioServicedRecursive", stats.serviced);
  put_entries(object, "ioQueueRecursive", stats.queued);
  put_entries(object, "ioServiceTimeRecursive", stats.service_time);
  put_entries(object, "ioWaitTimeRecursive", stats.wait_time);
  put_entries(object, "ioMergedRecursive", stats.merged);
  put_entries(object, "ioTimeRecursive", stats.time);
  put_entries(object, "sectorsRecursive", stats.sectors);
  put_pressure(object, stats.pressure);
  return object;
}

Json hugetlb(const std::map<std::string, cgroup::HugepageStats>& stats) {
  Json object = Json::object();
  for (const auto& [size, of] : stats) {
    Json entry = Json::object();
    put_unless_empty(entry, "usage", of.usage);
    put_unless_empty(entry, "max", of.max);
    entry["failcnt"] = of.failures;
    object[size] = std::move(entry);
  }
  return object;
}

Json rdma(const std::vector<cgroup::RdmaEntry>& entries) {
  Json rows = Json::array();
  for (const cgroup::RdmaEntry& entry : entries) {
    rows.push_back({{"device", entry.device}, {"hca_handles", entry.handles}, {"hca_objects", entry.objects}});
  }
  return rows;
}

}  // namespace

std::string stats_event(const std::string& id, const cgroup::Stats& stats) {
  Json data = {
      {"cpu", cpu(stats.cpu)},       {"cpuset", cpuset(stats.cpuset)},    {"memory", memory(stats.memory)},
      {"pids", pids(stats.pids)},    {"blkio", block_io(stats.block_io)}, {"hugetlb", hugetlb(stats.hugepages)},
      {"intel_rdt", Json::object()}, {"network_interfaces", nullptr}};
  if (!stats.rdma_current.empty() || !stats.rdma_limit.empty()) {
    data["rdma"] = {{"rdma_limit", rdma(stats.rdma_limit)}, {"rdma_current", rdma(stats.rdma_current)}};
  }
  const Json event = {{"type", "stats"}, {"id", id}, {"data", std::move(data)}};
  return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string oom_event(const std::string& id) { return Json({{"type", "oom"}, {"id", id}}).dump(); }

}  // namespace caisson::oci
