// Profiles made up by chance, and the calls at which a filter of theirs could go wrong.
#pragma once

#include <random>
#include <vector>

#include "seccomp/decide.h"

namespace caisson::seccomp {

/// Architectures that can be in one filter; the first is the native one.
const std::vector<std::vector<std::string>>& architecture_sets();

/// Whether several rules with conditions may be about one call.
enum class Meeting { kNever, kOften };
spec::Seccomp generated_rules(std::mt19937& random, const std::vector<std::string>& architectures, Meeting meeting);

/// Every number that some architecture of the filter has, those around, and with each of them what its rules compare
/// arguments with: the values, their neighbours, and values with other high halves.
std::vector<MadeCall> telling_calls(const spec::Seccomp& seccomp, const Architecture& native);

}  // namespace caisson::seccomp
