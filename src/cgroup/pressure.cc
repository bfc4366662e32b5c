#include "cgroup/pressure.h"

#include <charconv>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

Stall parse_stall(std::string_view line) {
  Stall stall;
  for (const std::string_view word : split(line, ' ')) {
    const Cut pair = cut(word, '=');
    if (!pair.tail) continue;
    double share = 0;
    std::from_chars(pair.tail->data(), pair.tail->data() + pair.tail->size(), share);
    if (pair.head == "avg10") stall.of_10_s = share;
    if (pair.head == "avg60") stall.of_60_s = share;
    if (pair.head == "avg300") stall.of_300_s = share;
    if (pair.head == "total") stall.total_us = parse_unsigned(*pair.tail).value_or(0);
  }
  return stall;
}

}  // namespace

Pressure parse_pressure(std::string_view text) {
  Pressure pressure;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("some ")) pressure.some = parse_stall(line);
    if (line.starts_with("full ")) pressure.full = parse_stall(line);
  }
  return pressure;
}

std::map<std::string, Pressure> read_pressure(const std::vector<std::string>& directories) {
  std::map<std::string, Pressure> found;
  for (const std::string& directory : directories) {
    for (const char* resource : {"cpu", "memory", "io"}) {
      // Not there on v1, nor where the kernel was told psi=0.
      if (const auto text = kernel::read_file(directory + "/" + resource + ".pressure")) {
        found[resource] = parse_pressure(*text);
      }
    }
  }
  return found;
}

}  // namespace caisson::cgroup
