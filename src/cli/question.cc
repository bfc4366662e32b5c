#include "cli/question.h"

#include <cstdio>
#include <iostream>

namespace caisson::cli {

bool agreed_to(const std::string& warning) {
  std::printf("%sAre you sure you want to continue? [y/N] ", warning.c_str());
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace caisson::cli
