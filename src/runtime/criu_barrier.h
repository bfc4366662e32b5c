// Where criu(8) waits for this process: a script that it calls at each stage of a restoration (criu(8), "Action
// scripts").
//
//   criu                                   this process
//   makes the first process, and its
//   namespaces, with nothing in them
//   runs the script  ---- its pid ---->    await()
//                    <--- exit status --   open()
//   goes on, or gives up
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "kernel/files.h"

namespace caisson::runtime {

class CriuBarrier {
 public:
  static Result<CriuBarrier> make();

  /// The script's path, which is there as long as this object is.
  std::string script() const;

  /// Waits until criu stands here, and gives the pid of the first process; nothing if the process behind `criu`, a
  /// pidfd, ended before.
  std::optional<pid_t> await(int criu);

  enum class Way { kOn, kBack };
  void open(Way way);

 private:
  CriuBarrier(kernel::Pipe pid, kernel::Pipe status, Fd script)
      : pid_(std::move(pid)), status_(std::move(status)), script_(std::move(script)) {}

  kernel::Pipe pid_;     ///< from the script
  kernel::Pipe status_;  ///< to it
  Fd script_;
};

}  // namespace caisson::runtime
