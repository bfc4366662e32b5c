// Containers as JSON: what `ps` lists and `inspect` shows, with docker's names.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cgroup/pressure.h"
#include "engine/containers.h"

namespace caisson::cli {

/// One row of `ps`: ID, Names, Image, Command, CreatedAt, RunningFor, State, Status, ExitCode, Pid, Networks, Labels.
nlohmann::ordered_json ps_row(const engine::Container& container, bool whole);

/// What `inspect` says of a container; `config` is its configuration as it was executed (config.json), `pressure` what
/// its cgroup tells, if that is there and of v2.
nlohmann::ordered_json inspect_object(const engine::Container& container, const nlohmann::ordered_json& config,
                                      const std::string& log_path,
                                      const std::map<std::string, cgroup::Pressure>& pressure);

/// "2 minutes", "Less than a second": as docker says it.
std::string human_duration(std::int64_t nanoseconds);

}  // namespace caisson::cli
