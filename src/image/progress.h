// The progress bar of the transfer program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace caisson::image {

/// Draws on standard error, on one line that it clears again, and only if it was asked for, that is a terminal and half
/// a second has gone by. Not for several threads.
class Progress {
 public:
  /// `what` names the work ("unpacking debian.tar.gz").
  Progress(std::string what, bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Says how far it is; draws at most ten times a second. `total` is 0 if it is not known.
  void at(std::uint64_t done, std::uint64_t total);

 private:
  std::string what_;
  bool wanted_;
  bool drawn_ = false;
  long long due_ns_ = 0;
};

/// The line for a terminal of `columns`: "unpacking debian.tar.gz  [#####.....]  50 %  30 MiB of 60 MiB".
std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total, std::size_t columns);

}  // namespace caisson::image
