// Containers as JSON: what `ps` lists and `inspect` shows, with docker's names.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cgroup/pressure.h"
#include "engine/containers.h"
#include "engine/health_state.h"

namespace caisson::cli {

/// One row of `ps`: ID, Names, Image, Command, CreatedAt, RunningFor, State, Status, ExitCode, Pid, Networks, Labels.
nlohmann::ordered_json ps_row(const engine::Container& container, bool whole,
                              const std::optional<engine::HealthState>& health = std::nullopt);

/// What is known of a container beside its record.
struct Seen {
  std::string log_path;                              ///< empty: it has none
  std::optional<engine::HealthState> health;         ///< while it runs
  std::map<std::string, cgroup::Pressure> pressure;  ///< what its cgroup tells, if that is there and of v2
};

/// What `inspect` says of a container; `config` is its configuration as it is executed (config.json).
nlohmann::ordered_json inspect_object(const engine::Container& container, const nlohmann::ordered_json& config,
                                      const Seen& seen);

/// "2 minutes", "Less than a second": as docker says it.
std::string human_duration(std::int64_t nanoseconds);

}  // namespace caisson::cli
