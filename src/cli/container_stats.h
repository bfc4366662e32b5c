// What a container uses, at one moment and between two: the rows of `stats`.
#pragma once

#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>

#include "engine/containers.h"

namespace caisson::cli {

/// What the kernel has counted since the container began, up to `moment_ns`.
struct UsageSample {
  std::int64_t moment_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t memory_bytes = 0;  ///< the working set: usage without inactive_file, which can be had back at once
  std::uint64_t memory_limit_bytes = 0;  ///< of the container, or else the host's memory
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t processes = 0;
};

/// Of one that runs. The network's are those of its network namespace but for lo: 0 where that is the host's.
UsageSample sample_usage(const engine::Container& container);

/// "eth0: 1 2 … 9 …" of /proc/PID/net/dev: bytes received and sent by all but lo. Pure.
struct NetworkBytes {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};
NetworkBytes network_bytes(std::string_view text);

/// docker's fields: BlockIO, CPUPerc, Container, ID, MemPerc, MemUsage, Name, NetIO, PIDs. The processors' share is
/// that of the time between the samples: `before` of a container's start gives its average. Without `now` it does not
/// run.
nlohmann::ordered_json stats_row(const engine::Container& container, const std::optional<UsageSample>& before,
                                 const std::optional<UsageSample>& now, bool whole);

}  // namespace caisson::cli
