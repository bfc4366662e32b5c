// The kernel's side of a filter, for tests: which programs it takes, and what they answer.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string>

#include "seccomp/decide.h"

namespace caisson::seccomp {

/// Why the kernel would refuse `program` (net/core/filter.c bpf_check_classic, kernel/seccomp.c seccomp_check_filter);
/// empty if it takes it.
std::string refusal(std::span<const struct sock_filter> program);

/// What `program`, which the kernel would take, answers to `call` on a machine of that byte order.
std::uint32_t interpret(std::span<const struct sock_filter> program, const MadeCall& call, bool little_endian);

}  // namespace caisson::seccomp
