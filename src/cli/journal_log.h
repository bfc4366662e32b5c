// A container's log as systemd's journal has it: read by journalctl(1).
#pragma once

#include <string>

#include "base/result.h"
#include "keeper/log_reader.h"

namespace caisson::cli {

/// Gives `sink` the entries of the container `id`, as keeper::read_log() does. Errors: journalctl is not installed, or
/// fails; `sink`'s.
Result<> read_journal(const std::string& id, const keeper::LogQuery& query, const keeper::LogSink& sink);

}  // namespace caisson::cli
