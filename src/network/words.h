// What is done for a container on a network, in words: for `explain`. Pure.
#pragma once

#include <string>
#include <vector>

#include "network/choice.h"
#include "network/network_record.h"
#include "network/port.h"

namespace caisson::network {

/// A line each: the bridge, the address, the devices, the route, the names.
std::vector<std::string> words_of(const NetworkRecord& network, const NetworkChoice& choice, std::string_view interface,
                                  bool default_route);

/// "publish port 80/tcp at 0.0.0.0:8080, which every interface of the host reaches": a line for each of the ports.
std::vector<std::string> words_of(const PortChoice& port);

}  // namespace caisson::network
