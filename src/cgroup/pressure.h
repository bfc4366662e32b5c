// How long what is in a cgroup had to wait for want of CPU, memory or input and output (PSI, Linux 4.20, cgroup v2).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::cgroup {

/// The share of time, in percent of the last 10, 60 and 300 seconds, and the time in all.
struct Stall {
  double of_10_s = 0;
  double of_60_s = 0;
  double of_300_s = 0;
  std::uint64_t total_us = 0;
};

struct Pressure {
  std::optional<Stall> some;  ///< at least one task had to wait
  std::optional<Stall> full;  ///< all of them had to
};

/// Reads a file of two lines "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". Pure.
Pressure parse_pressure(std::string_view text);

/// By resource, "cpu", "memory" and "io", what the v2 cgroup among `directories` says; without those it does not tell.
std::map<std::string, Pressure> read_pressure(const std::vector<std::string>& directories);

}  // namespace caisson::cgroup
