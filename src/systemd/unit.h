// What caisson asks of systemd about one unit. Each call waits until it is done, half a minute at most.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "systemd/bus.h"

namespace caisson::systemd {

struct Manager {
  unsigned version = 0;
  std::string control_group;  ///< of all its units; "" of the whole system's
};
Result<Manager> query(const Bus& bus);

/// StartTransientUnit with `properties` (message.h), and waits for its job. A unit of that name that has failed is
/// forgotten first. The unit's cgroup must be `control_group` then, unless that is empty.
/// Errors: systemd's own; a job that ends otherwise than done, or not in time; another cgroup.
Result<> start(const Bus& bus, const std::string& unit, const std::string& control_group,
               std::span<const std::string> properties);

/// SetUnitProperties, until the host is started again.
Result<> set_properties(const Bus& bus, const std::string& unit, std::span<const std::string> properties);

/// StopUnit, and waits for its job; one that failed is forgotten. A unit that is not there is stopped.
Result<> stop(const Bus& bus, const std::string& unit);

/// AttachProcessesToUnit: `pid` goes to the unit's cgroup, or to `below` in it ("/name", or empty).
Result<> attach(const Bus& bus, const std::string& unit, const std::string& below, std::uint32_t pid);

}  // namespace caisson::systemd
