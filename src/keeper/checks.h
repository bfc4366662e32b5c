// A command that is executed beside a container now and then: its health check.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>

#include "base/fd.h"

namespace caisson::keeper {

/// Times as docker's HEALTHCHECK has them. While the start period lasts, and until a check has succeeded, the start
/// interval is that between checks.
struct CheckSettings {
  char* const* command =
      nullptr;  ///< its path and arguments, ended by a null pointer; borrowed. Null: nothing is checked
  std::int64_t interval_ms = 0;
  std::int64_t start_interval_ms = 0;
  std::int64_t start_period_ms = 0;
};

/// One runs at a time, and the next is due an interval after it has ended. Its standard streams are /dev/null. What the
/// check makes of what it finds is its own business: it ends with 0 where all is well.
class Checks {
 public:
  explicit Checks(const CheckSettings& settings);
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;
  ~Checks();  ///< kills the one that runs

  /// Starts the next if it is due. Returns when to come again, in milliseconds; -1: when fd() is readable, or never.
  int run_due();

  /// A pidfd of the one that runs, readable when it has ended, and reap() is to be called; -1: none does.
  int fd() const { return running_.get(); }
  void reap();

 private:
  void start();

  CheckSettings settings_;
  std::int64_t due_ms_ = 0;
  std::int64_t starting_until_ms_ = 0;
  pid_t pid_ = -1;
  Fd running_;
};

}  // namespace caisson::keeper
