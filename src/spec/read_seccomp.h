// The parts of `linux.seccomp` that the profiles of docker and podman share with it; for readers of either.
#pragma once

#include "spec/fields.h"
#include "spec/seccomp.h"

namespace caisson::spec {

/// Reads the word at `key` into `action`.
void read_seccomp_action(Fields& fields, std::string_view key, SeccompAction& action);

void read_seccomp_argument(Fields& fields, SeccompArgument& argument);

void read_seccomp(Fields& fields, Seccomp& seccomp);

}  // namespace caisson::spec
