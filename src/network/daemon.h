// The programs that carry packets or answer names for containers: they run on by themselves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::network {

struct Daemon {
  std::vector<std::string> words;        ///< of its command line; the first is its path
  std::string directory = "/";           ///< where it works
  int output = -1;                       ///< a descriptor for both of its outputs; -1: they are thrown away
  std::vector<int> given = {};           ///< descriptors that stay open in it: the first as kFirstGiven, and so on
  std::function<Result<>()> enter = {};  ///< what it does first; its error is said on the output
};

inline constexpr int kFirstGiven = 3;

/// Does `work` in a process that is a child of nobody, without a terminal, and ends with it. Nothing of what is open
/// here is in it but `descriptor` (-1: nothing), so that nobody waits for it. Errors: fork(2).
Result<> in_background(int descriptor, const std::function<void()>& work);

/// Starts it as a child of nobody, without a terminal, a blocked signal, or any other of this process's descriptors.
/// That it could not be executed is for the caller to notice, and said on the output. Errors: fork(2).
Result<> start_daemon(const Daemon& daemon);

struct Outcome {
  bool is_ready = false;
  std::string said;  ///< on both outputs
};

/// Starts in the same way one that goes to the background by itself, and is ready then; waits for that for at most
/// `patience_ms`, and ends it otherwise. Its `output` is read here. Errors: fork(2).
Result<Outcome> start_until_ready(const Daemon& daemon, int patience_ms);

}  // namespace caisson::network
