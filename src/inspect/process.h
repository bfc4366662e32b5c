// Processes of this host.
#pragma once

#include <optional>

#include "inspect/process_facts.h"

namespace caisson::inspect {

/// What /proc/PID tells; nothing if there is no such process (any more). What the caller may not read stays as it is at
/// the beginning.
std::optional<ProcessFacts> read_process(pid_t pid);

HostClock read_clock();

}  // namespace caisson::inspect
