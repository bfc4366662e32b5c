// Asking before something is removed, as docker does.
#pragma once

#include <string>

namespace caisson::cli {

/// Prints `warning` and the question, and reads a line from standard input: whether it says yes.
bool agreed_to(const std::string& warning);

}  // namespace caisson::cli
