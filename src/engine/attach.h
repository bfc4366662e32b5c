// Being attached to a container that a monitor keeps.
#pragma once

#include "base/fd.h"
#include "base/log.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "engine/run_result.h"

namespace caisson::engine {

/// How whoever starts a container, or attaches to it, stays with it.
struct Attendance {
  bool detached = false;  ///< not at all
  bool input = false;     ///< the caller's standard input goes into it
  bool output = true;     ///< what it writes comes to the caller's standard output
  bool error = true;      ///< and this to its standard error
  bool print_id = false;  ///< to standard output, once it runs
  bool sig_proxy = true;  ///< the caller's signals go on to it
  std::string detach_keys;
  std::uint32_t preserve_fds = 0;  ///< descriptors 3 … 2+n of the caller's reach it
  std::string cidfile;
  bool timings = false;
};

/// Copies until the container has ended, and gives its exit status; or until it is detached from: 0. `last_words_at`:
/// its lock, open for reading.
enum class Redraw { kNo, kYes };
RunResult stay_attached(const Record& record, const Live& live, Fd connection, int last_words_at,
                        const Attendance& attendance, Redraw redraw, const Log& log);

/// Attaches to a container that runs: from here on the caller hears what it says. Errors: it does not run, is paused,
/// or is kept by the `caisson run` that started it.
RunResult attach(const Container& container, const Attendance& attendance, const Places& places, const Log& log);

}  // namespace caisson::engine
