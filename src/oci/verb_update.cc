#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "oci/command.h"
#include "runtime/update.h"
#include "spec/json.h"
#include "spec/problem.h"

namespace caisson::oci {

namespace {

struct UpdateOptions {
  std::string resources_file;  ///< "-": standard input; empty: none
  runtime::LimitChange change;
};

using spec::Cpu;
using spec::Memory;

Error invalid(const Use& use, std::string_view what) {
  return complaint(fmt::format("invalid value for {}: '{}' is not {}", use.name, use.value, what));
}

template <class T>
Result<T> read_number(const Use& use) {
  if constexpr (std::is_signed_v<T>) {
    const auto number = parse_signed(use.value);
    if (!number) return fail(invalid(use, "a whole number"));
    return *number;
  } else {
    const auto number = parse_unsigned(use.value);
    if (!number) return fail(invalid(use, "a whole number from 0"));
    return *number;
  }
}

template <class T, std::optional<T> Cpu::* member>
Result<> set_cpu(UpdateOptions& options, const Use& use) {
  options.change.resources.cpu.*member = TRY(read_number<T>(use));
  return {};
}

template <std::string Cpu::* member>
Result<> set_list(UpdateOptions& options, const Use& use) {
  options.change.resources.cpu.*member = std::string(use.value);
  return {};
}

template <std::optional<std::int64_t> Memory::* member>
Result<> set_bytes(UpdateOptions& options, const Use& use) {
  const auto bytes = use.value == "-1" ? std::optional<std::int64_t>(-1) : parse_bytes(use.value);
  if (!bytes) return fail(invalid(use, "a size, as 512M, or -1"));
  options.change.resources.memory.*member = *bytes;
  return {};
}

Result<> set_weight(UpdateOptions& options, const Use& use) {
  const auto weight = TRY(read_number<std::uint64_t>(use));
  if (weight > 1000) return fail(invalid(use, "a weight from 10 to 1000"));
  options.change.resources.block_io.weight = static_cast<std::uint16_t>(weight);
  return {};
}

Result<> set_pids(UpdateOptions& options, const Use& use) {
  options.change.resources.pids_limit = TRY(read_number<std::int64_t>(use));
  return {};
}

template <std::string cgroup::Schemata::* member>
Result<> set_schema(UpdateOptions& options, const Use& use) {
  options.change.schemata.*member = std::string(use.value);
  return {};
}

constexpr std::array kOptions = {
    Option<UpdateOptions>{{"resources",
                           'r',
                           "FILE",
                           {},
                           "JSON of linux.resources, \"-\": from standard input; other limits are not read then"},
                          set_text<UpdateOptions, &UpdateOptions::resources_file>},
    Option<UpdateOptions>{{"memory", 0, "SIZE", {}, "Memory; -1: no limit, here and below"}, set_bytes<&Memory::limit>},
    Option<UpdateOptions>{{"memory-reservation", 0, "SIZE", {}, "Memory that it is left with when all is short"},
                          set_bytes<&Memory::reservation>},
    Option<UpdateOptions>{{"memory-swap", 0, "SIZE", {}, "Memory and swap together"}, set_bytes<&Memory::swap>},
    Option<UpdateOptions>{{"kernel-memory", 0, "SIZE", {}, {}}, set_bytes<&Memory::kernel>},
    Option<UpdateOptions>{{"kernel-memory-tcp", 0, "SIZE", {}, {}}, set_bytes<&Memory::kernel_tcp>},
    Option<UpdateOptions>{{"cpu-share", 0, "N", {}, "Weight among all that want a CPU, 2 to 262144"},
                          set_cpu<std::uint64_t, &Cpu::shares>},
    Option<UpdateOptions>{{"cpu-quota", 0, "US", {}, "Microseconds of CPU time in a period; -1: no limit"},
                          set_cpu<std::int64_t, &Cpu::quota>},
    Option<UpdateOptions>{{"cpu-period", 0, "US", {}, "Microseconds of a period"},
                          set_cpu<std::uint64_t, &Cpu::period>},
    Option<UpdateOptions>{{"cpu-burst", 0, "US", {}, "Microseconds that may be saved up beyond the quota"},
                          set_cpu<std::uint64_t, &Cpu::burst>},
    Option<UpdateOptions>{{"cpu-rt-period", 0, "US", {}, "Microseconds of a period of real-time tasks (v1)"},
                          set_cpu<std::uint64_t, &Cpu::realtime_period>},
    Option<UpdateOptions>{{"cpu-rt-runtime", 0, "US", {}, "Microseconds of CPU time for real-time tasks in it (v1)"},
                          set_cpu<std::int64_t, &Cpu::realtime_runtime>},
    Option<UpdateOptions>{{"cpu-idle", 0, "0|1", {}, "1: runs only when nothing else wants to"},
                          set_cpu<std::int64_t, &Cpu::idle>},
    Option<UpdateOptions>{{"cpuset-cpus", 0, "LIST", {}, "CPUs, as 0-3,8"}, set_list<&Cpu::cpus>},
    Option<UpdateOptions>{{"cpuset-mems", 0, "LIST", {}, "Memory nodes"}, set_list<&Cpu::mems>},
    Option<UpdateOptions>{{"blkio-weight", 0, "N", {}, "Weight among all that use block devices, 10 to 1000"},
                          set_weight},
    Option<UpdateOptions>{{"pids-limit", 0, "N", {}, "Processes and threads; -1: no limit"}, set_pids},
    Option<UpdateOptions>{{"l3-cache-schema", 0, "SCHEMA", {}, "Share of the last cache, as L3:0=f"},
                          set_schema<&cgroup::Schemata::l3_cache>},
    Option<UpdateOptions>{{"mem-bw-schema", 0, "SCHEMA", {}, "Share of the memory's bandwidth, as MB:0=50"},
                          set_schema<&cgroup::Schemata::memory_bandwidth>},
};

Result<spec::Resources> read_file(const std::string& file, const Log& log) {
  const bool is_standard_input = file == "-";
  const std::string name = is_standard_input ? "standard input" : file;
  const std::string text =
      TRY_IN("--resources", is_standard_input ? kernel::read_all(0, name) : kernel::read_file(file));
  spec::ResourcesReading reading = spec::read_resources(text);
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, name));
  for (const spec::Problem& problem : reading.findings.warnings)
    log.warning(fmt::format("{}: {}", name, problem.line()));
  return std::move(reading.resources);
}

Result<> update(const Command& command, const std::string& id, UpdateOptions options) {
  const Log& log = command.report.log();
  const runtime::Container container = TRY(runtime::find_container(command.root, id));
  if (!options.resources_file.empty()) options.change.resources = TRY(read_file(options.resources_file, log));
  return runtime::update(command.root, container, std::move(options.change), log);
}

}  // namespace

int verb_update(const Command& command) {
  UpdateOptions options;
  int status = 0;
  const auto operands = read_options(command, kOptions, options, Order::kAnywhere, {}, status);
  if (!operands) return status;
  const Result<> done = update(command, operands->front(), std::move(options));
  return done ? 0 : refuse(command, done.error());
}

}  // namespace caisson::oci
