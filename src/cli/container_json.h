// Containers as JSON: what `ps` lists, with docker's names.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/containers.h"
#include "engine/health_state.h"
#include "network/holding.h"

namespace caisson::cli {

/// One row of `ps`: ID, Names, Image, Command, CreatedAt, RunningFor, State, Status, ExitCode, Pid, Networks, Ports,
/// ImageID, Labels, Pod (its id), PodName.
nlohmann::ordered_json ps_row(const engine::Container& container, bool whole,
                              const std::optional<engine::HealthState>& health = std::nullopt);

/// The cell "Ports" of one that runs: "0.0.0.0:8080->80/tcp, 443/tcp".
std::string ports_words(const engine::Record& record, const network::Holding& holding);

/// "2 minutes", "Less than a second": as docker says it.
std::string human_duration(std::int64_t nanoseconds);

/// RFC 3339; of 0 docker's "not yet": "0001-01-01T00:00:00Z".
std::string shown_moment(std::int64_t nanoseconds);

}  // namespace caisson::cli
