// What a configuration must be beyond its types, as far as it can be told without a host. Pure.
#pragma once

#include <string_view>

#include "spec/config.h"
#include "spec/problem.h"

namespace caisson::spec {

/// All that is wrong with `config`, each with the place it would have in a config.json. The rules are the
/// specification's, and runc's where that one is silent; whether the host can do what is asked for is the planner's
/// question.
Findings validate(const Config& config);

/// Adds what is wrong with a filter that would stand at `pointer`.
void validate_seccomp(const Seccomp& seccomp, const std::string& pointer, Findings& findings);

/// True if the container has a namespace of this type: a new one, or the one at a path.
bool has_namespace(const Config& config, NamespaceType type);

/// The word of the specification: "network".
std::string_view namespace_word(NamespaceType type);

/// The names that setrlimit(2) knows: "RLIMIT_NOFILE", ….
bool is_limit_name(std::string_view name);

}  // namespace caisson::spec
