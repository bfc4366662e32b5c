// The programs that carry packets or answer names for containers: they run on by themselves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::network {

struct Daemon {
  std::vector<std::string> words;  ///< of its command line; the first is its path
  std::string directory = "/";     ///< where it works
  int output = -1;                 ///< a descriptor for both of its outputs; -1: they are thrown away
  int ready = -1;                  ///< a descriptor that stays open in it, as kDaemonReady
};

inline constexpr int kDaemonReady = 3;

/// Does `work` in a process that is a child of nobody, without a terminal, and ends with it. Nothing of what is open
/// here is in it but `descriptor` (-1: nothing), so that nobody waits for it. Errors: fork(2).
Result<> in_background(int descriptor, const std::function<void()>& work);

/// Starts it as a child of nobody, without a terminal, a blocked signal, or any other of this process's descriptors.
/// That it could not be executed is for the caller to notice. Errors: fork(2).
Result<> start_daemon(const Daemon& daemon);

}  // namespace caisson::network
