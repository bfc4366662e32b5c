// `caisson explain seccomp`: what becomes of a system call under a profile.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace caisson::cli {

Manual explain_seccomp_manual();

enum class Form { kText, kJson };

/// What is to be printed for the words behind `seccomp`. Errors: a profile that is none, an unknown call, what is not
/// an argument.
Result<std::string> explain_seccomp(const Command& command, const std::vector<std::string>& arguments, Form form);

}  // namespace caisson::cli
