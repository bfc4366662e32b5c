// Networks as inspect and ls show them: docker's shapes.
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "engine/places.h"
#include "network/network_record.h"

namespace caisson::cli {

/// All that is known about it, with the containers that are on it and run. Errors: those of reading who holds what.
Result<nlohmann::ordered_json> network_json(const engine::Places& places, const network::NetworkRecord& network);

/// A row of the listing; `whole`: with the whole id.
nlohmann::ordered_json network_row(const network::NetworkRecord& network, bool whole);

}  // namespace caisson::cli
