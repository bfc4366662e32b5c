#include "cli/question.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace caisson::cli {

bool agreed_to(const std::string& warning) {
  std::printf("%sAre you sure you want to continue? [y/N] ", warning.c_str());
  std::fflush(stdout);
  std::array<char, 8> line{};
  if (std::fgets(line.data(), line.size(), stdin) == nullptr) return false;
  const std::string_view answer = line.data();
  return answer == "y\n" || answer == "Y\n" || answer == "yes\n";
}

}  // namespace caisson::cli
