#include "transport/board.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "image/progress.h"

namespace caisson::transport {

namespace {

constexpr long long kEvery_ns = 100'000'000;
constexpr double kNanoseconds = 1e9;

long long steady_nanoseconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct winsize size_of_terminal() {
  struct winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1) return size;
  return {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
}

std::string rate(std::uint64_t bytes, double seconds) {
  return human_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / std::max(seconds, 1e-3))) + "/s";
}

}  // namespace

std::string words_at_end(std::uint64_t total, std::uint64_t already, double seconds) {
  const std::uint64_t came = total - std::min(already, total);
  std::string words = fmt::format("{} in {:.1f} s, {}", human_bytes(came), seconds, rate(came, seconds));
  if (already != 0) words += fmt::format("; the first {} were there already", human_bytes(already));
  return words;
}

Board::Style Board::style_of_standard_error() {
  return ::isatty(STDERR_FILENO) == 1 ? Style::kTerminal : Style::kLines;
}

Board::~Board() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
  if (drawn_ != 0) print("");
}

std::size_t Board::begin(std::string label, std::uint64_t total, std::uint64_t already) {
  const std::lock_guard lock(mutex_);
  lines_.push_back({.label = std::move(label),
                    .total = total,
                    .already = already,
                    .done = already,
                    .begun_ns = steady_nanoseconds()});
  draw_due();
  return lines_.size() - 1;
}

void Board::at(std::size_t line, std::uint64_t done) {
  const std::lock_guard lock(mutex_);
  lines_[line].already = std::min(lines_[line].already, done);
  lines_[line].done = done;
  draw_due();
}

void Board::end(std::size_t line) {
  const std::lock_guard lock(mutex_);
  Line& ended = lines_[line];
  ended.live = false;
  const double seconds = static_cast<double>(steady_nanoseconds() - ended.begun_ns) / kNanoseconds;
  const std::uint64_t all = ended.total != 0 ? ended.total : ended.done;  // which only its end has told
  print(fmt::format("{}: {}", ended.label, words_at_end(all, ended.already, seconds)));
}

void Board::drop(std::size_t line) {
  const std::lock_guard lock(mutex_);
  lines_[line].live = false;
}

void Board::say(std::string_view label, std::string_view words) {
  const std::lock_guard lock(mutex_);
  print(fmt::format("{}: {}", label, words));
}

void Board::draw_due() {
  if (style_ != Style::kTerminal || steady_nanoseconds() < due_ns_) return;
  print("");
}

void Board::print(const std::string& last_words) {
  if (style_ == Style::kQuiet) return;
  std::string text;
  if (drawn_ != 0) text = fmt::format("\x1b[{}F\x1b[J", drawn_);  // up to the first of them, and all below is cleared
  if (!last_words.empty()) text += last_words + "\n";
  drawn_ = 0;
  if (style_ == Style::kTerminal) {
    const long long now_ns = steady_nanoseconds();
    const struct winsize size = size_of_terminal();
    for (const Line& line : lines_) {
      if (!line.live || drawn_ + 1 >= size.ws_row) continue;
      const double seconds = static_cast<double>(now_ns - line.begun_ns) / kNanoseconds;
      const std::string gain = "  " + rate(line.done - line.already, seconds);
      const std::size_t columns = size.ws_col > gain.size() ? size.ws_col - gain.size() : 1;
      text += image::progress_line(line.label, line.done, line.total, columns) + gain + "\n";
      ++drawn_;
    }
    due_ns_ = now_ns + kEvery_ns;
  }
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace caisson::transport
