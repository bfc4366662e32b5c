// How blobs get on, for people: a line for each on standard error.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::transport {

/// Any number of threads may tell it at once. On a terminal the lines of blobs under way are drawn again and again,
/// below those that are done; elsewhere there is one line for each, at its end.
class Board {
 public:
  enum class Style { kQuiet, kLines, kTerminal };

  explicit Board(Style style) : style_(style) {}
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// What standard error is good for.
  static Style style_of_standard_error();

  /// A blob under way. `label` names it; `total` is its size in bytes, of which `already` were there before.
  std::size_t begin(std::string label, std::uint64_t total, std::uint64_t already);

  /// Its first `done` bytes are there; fewer than before if it had to begin anew.
  void at(std::size_t line, std::uint64_t done);

  /// It is whole; what is said of it tells its rate, and what of it was there before.
  void end(std::size_t line);

  /// It will not be: its line goes without a word.
  void drop(std::size_t line);

  /// A line of its own, about a blob for which there was nothing to do ("already there").
  void say(std::string_view label, std::string_view words);

 private:
  struct Line {
    std::string label;
    std::uint64_t total = 0;
    std::uint64_t already = 0;
    std::uint64_t done = 0;
    long long begun_ns = 0;
    bool live = true;
  };

  void print(const std::string& last_words);  // and draws what is under way below it
  void draw_due();

  Style style_;
  std::mutex mutex_;
  std::vector<Line> lines_;
  std::size_t drawn_ = 0;  // lines on the terminal that can be drawn over
  long long due_ns_ = 0;
};

/// What is said of a blob at its end: "30 MiB in 2.3 s, 13 MiB/s; the first 3 MiB were there already".
std::string words_at_end(std::uint64_t total, std::uint64_t already, double seconds);

}  // namespace caisson::transport
