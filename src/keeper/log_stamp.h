// The moment at the head of every line of a container's log.
#pragma once

#include <time.h>

#include <array>
#include <cstddef>

namespace caisson::keeper {

/// "2026-11-23T13:00:00.123456789+00:00": RFC 3339 in UTC, always of this length. Written without the C library's
/// time zones, which would read files and take memory that the monitor does not have.
inline constexpr std::size_t kStampLength = 35;

std::array<char, kStampLength> log_stamp(timespec moment);

}  // namespace caisson::keeper
