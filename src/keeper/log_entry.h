// One entry of a container's log, read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keeper/log_file.h"

namespace caisson::keeper {

struct LogEntry {
  std::int64_t time_ns = 0;  ///< since the epoch
  std::string_view stamp;    ///< the same, as it stands in the log
  LogStream stream{};
  bool ends_line = false;  ///< false: the stream's next entry goes on with this line
  std::string_view text;   ///< with its newline, if it ends a line
};

/// An entry from its line (with the newline), as log_file.h describes it in either format; nothing if it is not one.
/// `text`: where its text lies then, if the line does not have it as it is.
std::optional<LogEntry> parse_log_entry(std::string_view line, std::string& text);

/// A moment of RFC 3339 ("2026-11-23T13:00:00.5+01:00", "…Z"; a fraction of up to nine digits) in nanoseconds since the
/// epoch; nothing if it is not one, or before 1970.
std::optional<std::int64_t> parse_moment(std::string_view text);

}  // namespace caisson::keeper
