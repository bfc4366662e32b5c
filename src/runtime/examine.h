// Looking at a program that could not be executed, with the eyes of the process that was to execute it.
#pragma once

#include <sys/types.h>

#include <string>

#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::runtime {

/// Why the program of `plan`'s child lane could not be executed by the process `pid`, which stands where it failed: a
/// sentence for a hint; empty if nothing is to be seen. The root filesystem is hostile: everything is opened inside its
/// root, read a page at most, and nothing but regular files is opened for reading.
std::string examine_execution(const plan::Plan& plan, const plan::Failure& failure, pid_t pid);

}  // namespace caisson::runtime
