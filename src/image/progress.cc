#include "image/progress.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

namespace caisson::image {

namespace {

constexpr long long kFirst_ns = 500'000'000;
constexpr long long kEvery_ns = 100'000'000;
constexpr std::string_view kClearLine = "\r\x1b[K";

long long steady_nanoseconds() {
  struct timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void draw(const std::string& text) { (void)!::write(STDERR_FILENO, text.data(), text.size()); }

std::size_t columns_of_terminal() {
  struct winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(std::string what, bool wanted)
    : what_(std::move(what)),
      wanted_(wanted && ::isatty(STDERR_FILENO) == 1),
      due_ns_(steady_nanoseconds() + kFirst_ns) {}

Progress::~Progress() {
  if (drawn_) draw(std::string(kClearLine));
}

void Progress::at(std::uint64_t done, std::uint64_t total) {
  if (!wanted_) return;
  const long long now_ns = steady_nanoseconds();
  if (now_ns < due_ns_) return;
  due_ns_ = now_ns + kEvery_ns;
  drawn_ = true;
  draw(std::string(kClearLine) + progress_line(what_, done, total, columns_of_terminal()));
}

std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total, std::size_t columns) {
  std::string line;
  if (total == 0) {
    line = fmt::format("{}  {}", what, human_bytes(done));
  } else {
    constexpr std::size_t kCells = 20;
    const std::uint64_t shown = std::min(done, total);
    const auto cells = static_cast<std::size_t>(shown * kCells / total);
    line = fmt::format("{}  [{}{}] {:3} %  {} of {}", what, std::string(cells, '#'), std::string(kCells - cells, '.'),
                       shown * 100 / total, human_bytes(shown), human_bytes(total));
  }
  if (line.size() >= columns) line.resize(columns - 1);  // a wrapped line could not be cleared
  return line;
}

}  // namespace caisson::image
