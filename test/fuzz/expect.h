// How a fuzzer says that something does not hold: libFuzzer, and the replay, take the trap for a finding.
#pragma once

#include <cstdio>
#include <string>

namespace caisson {

inline void expect(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what.c_str());
  __builtin_trap();
}

}  // namespace caisson
