// What `events` prints: lines of JSON in the shape that runc's callers decode (runc's types/events/events.go).
#pragma once

#include <string>

#include "cgroup/stats.h"

namespace caisson::oci {

/// {"type":"stats","id":"ID","data":{…}}: without a newline. Keys whose value would be 0 or empty are left out where
/// runc leaves them out. What runc does not tell stands beside what it does: "rdma", where there is such a device.
std::string stats_event(const std::string& id, const cgroup::Stats& stats);

/// {"type":"oom","id":"ID"}
std::string oom_event(const std::string& id);

}  // namespace caisson::oci
