// What the floor says: which call failed, and what each part took. No allocation, no buffering.
#pragma once

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace caisson::bench {

/// A short text, made as printf does and cut off where it does not fit: a path, or one line.
class Text {
 public:
  [[gnu::format(printf, 2, 3)]] explicit Text(const char* format, ...) {
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(text_.data(), text_.size(), format, values);
    va_end(values);
    size_ = std::min(static_cast<std::size_t>(std::max(length, 0)), text_.size() - 1);
  }
  const char* text() const { return text_.data(); }
  std::size_t size() const { return size_; }

 private:
  std::array<char, 512> text_;
  std::size_t size_;
};

/// Whether `result` is a success; if not, says on stderr which call failed, on what, and why.
inline bool done(long result, const char* call, const char* operand = "") {
  if (result >= 0) return true;
  const Text line("floor: %s(%s): %s\n", call, operand, strerror(errno));
  (void)!write(STDERR_FILENO, line.text(), line.size());
  return false;
}

/// What both processes passed and when, in memory that they share. Nothing is read from the clock unless asked for.
class Marks {
 public:
  void pass(const char* part) {
    if (count_ == rows_.size()) return;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    rows_[count_++] = {part, now.tv_sec * 1'000'000'000 + now.tv_nsec};
  }

  /// One line a part on stderr, in microseconds; the first mark is only a beginning.
  void print() const {
    for (std::size_t i = 1; i < count_; ++i) {
      const auto spent_ns = rows_[i].at_ns - rows_[i - 1].at_ns;
      fprintf(stderr, "%8.1f us  %s\n", static_cast<double>(spent_ns) / 1e3, rows_[i].part);
    }
    const auto all_ns = rows_[count_ - 1].at_ns - rows_[0].at_ns;
    fprintf(stderr, "%8.1f us  in all\n", static_cast<double>(all_ns) / 1e3);
  }

 private:
  struct Row {
    const char* part;
    std::int64_t at_ns;
  };
  std::array<Row, 24> rows_{};
  std::size_t count_ = 0;
};

inline void pass(Marks* marks, const char* part) {
  if (marks != nullptr) marks->pass(part);
}

}  // namespace caisson::bench
