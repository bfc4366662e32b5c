// What `inspect` shows of a container, with docker's names.
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"

namespace caisson::cli {

/// A container's configuration as it is executed (config.json). Error: it cannot be read, or is none.
Result<nlohmann::ordered_json> read_config_of(const engine::Places& places, const std::string& id);

/// `config` is its configuration as it was executed (config.json); it is shown whole as Spec. Who has no user
/// namespace, limit or port has docker's word for none: "", 0, null.
nlohmann::ordered_json inspect_object(const engine::Container& container, const nlohmann::ordered_json& config,
                                      const engine::Places& places);

}  // namespace caisson::cli
