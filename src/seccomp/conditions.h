// Conditions on arguments of 64 bits as tests of words of 32 bits.
#pragma once

#include "seccomp/architecture.h"
#include "seccomp/program.h"
#include "spec/seccomp.h"

namespace caisson::seccomp {

struct Ways {
  Node yes = 0;
  Node no = 0;
};

/// Where `condition` leads on calls of `architecture`.
Node condition(Program& program, const Architecture& architecture, const spec::SeccompArgument& condition, Ways ways);

}  // namespace caisson::seccomp
