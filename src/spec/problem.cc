#include "spec/problem.h"

#include <algorithm>

#include <fmt/format.h>

namespace caisson::spec {

namespace {

constexpr std::size_t kMostTold = 10;  // a line with a hundred of them helps nobody

}  // namespace

Error as_error(const std::vector<Problem>& errors, std::string_view file) {
  std::string others;
  for (std::size_t i = 1; i < std::min(errors.size(), kMostTold); ++i)
    others += (i == 1 ? "also: " : "; ") + errors[i].line();
  if (errors.size() > kMostTold) others += fmt::format("; and {} more", errors.size() - kMostTold);
  return in(file, complaint(errors.front().line(), std::move(others)));
}

std::string below(const std::string& pointer, std::string_view key) {
  std::string path = pointer + "/";
  for (const char c : key) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
  return path;
}

std::string below(const std::string& pointer, std::size_t index) { return fmt::format("{}/{}", pointer, index); }

}  // namespace caisson::spec
