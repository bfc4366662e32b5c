// What rules say about calls, as far as every part of the room has to agree about it.
//
// The rules of `syscalls` are read as libseccomp has them read by runc and crun:
//   - A rule that says the same as the default action is no rule.
//   - Of the rules without conditions about a call the first decides, whatever conditional ones stand before it.
//   - Without one of those, the first rule decides whose conditions are all true; if none is, the default action does.
//   - A rule with two conditions on one argument is as many rules as it has conditions, each with one of them.
//   - On architectures of 32 bits the low halves of arguments and values are compared.
// A call whose number is above all that the profile names gets ENOSYS, so that programs take it for a call that the
// kernel does not have yet, and do without (runc, libcontainer/seccomp/patchbpf).
// Where a call can also be made through socketcall(2) or ipc(2) its rules are in force there too. Conditions cannot be
// checked there: what a conditional rule refuses is refused, what it permits is not permitted by it.
#pragma once

#include <optional>
#include <vector>

#include "seccomp/architecture.h"
#include "spec/seccomp.h"

namespace caisson::seccomp {

/// SECCOMP_RET_… with its data, of `action`; without a number an error is EPERM.
std::uint32_t answer(spec::SeccompAction action, const std::optional<std::uint32_t>& errno_ret);

/// The answer to calls of an architecture that the filter does not have, as libseccomp gives it.
std::uint32_t foreign_answer();
std::uint32_t unknown_call_answer();

inline std::uint32_t default_answer(const spec::Seccomp& seccomp) {
  return answer(seccomp.default_action, seccomp.default_errno_ret);
}

/// True for what lets a call be made: then its kernel, or tracer, tells who asks for a call that it does not have.
bool is_permission(spec::SeccompAction action);

/// True if newer calls than the profile names are to get ENOSYS.
bool hides_newer_calls(const spec::Seccomp& seccomp);

/// True if two of the conditions are about the same argument.
bool splits(const std::vector<spec::SeccompArgument>& conditions);

/// ARM's calls of its own, far above the others (arch/arm/include/uapi/asm/unistd.h, __ARM_NR_BASE).
inline constexpr std::uint32_t kArmPrivate = 0xf0000;

/// What s390 sees instead of a call that its kernel does not have, where the number is too large for its instruction:
/// setup(2), number 0.
inline bool has_setup(Abi abi) { return abi == Abi::kS390 || abi == Abi::kS390x; }

/// The native architecture and those that `seccomp` adds, each once; nothing if one of those is not known here.
std::optional<std::vector<const Architecture*>> filtered_architectures(const spec::Seccomp& seccomp,
                                                                       const Architecture& native);

}  // namespace caisson::seccomp
