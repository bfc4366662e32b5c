// Reading a container's log: what `caisson logs` prints.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "base/result.h"
#include "keeper/log_entry.h"

namespace caisson::keeper {

/// What of a log is wanted.
struct LogQuery {
  std::optional<std::size_t> tail;  ///< the last lines only, of what is left by the rest
  std::int64_t since_ns = 0;        ///< nothing from before
  std::int64_t until_ns = std::numeric_limits<std::int64_t>::max();  ///< nothing from after
  bool output = true;                                                ///< entries of standard output
  bool error = true;                                                 ///< entries of standard error

  /// Go on with what is written, until this descriptor becomes readable (a pidfd of the log's keeper) and all that had
  /// been written by then was read; -1: do not.
  int follow_until = -1;
};

/// Takes one entry; a failure ends the reading.
using LogSink = std::function<Result<>(const LogEntry&)>;

/// Gives `sink` the entries of the log at `path` and of the files set aside from it (PATH.1, …), oldest first, each
/// once, while its keeper goes on writing and rotating. A log that is not there is empty. Errors: those of open, read
/// and inotify on the log, and those of `sink`.
Result<> read_log(const std::string& path, const LogQuery& query, const LogSink& sink);

}  // namespace caisson::keeper
