// The rules of `linux.seccomp` → the filter that the kernel runs at each system call. Pure.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "seccomp/architecture.h"
#include "spec/seccomp.h"

namespace caisson::seccomp {

struct Filter {
  std::vector<struct sock_filter> instructions;
  std::uint32_t flags = 0;  ///< SECCOMP_FILTER_FLAG_… of seccomp(2); with a listener if a rule notifies
  bool notifies() const;
};

/// Compiles a valid `seccomp` (spec/validate.h) for programs of `native` and of the architectures that it names. What
/// the rules mean is told in answer.h. Names of calls that no kernel has are left out. The call is found by binary
/// search over ranges of numbers that are treated alike. Errors: an architecture whose calls are not known here, or
/// whose byte order is not that of `native`; more instructions than the kernel takes (4096).
Result<Filter> compile(const spec::Seccomp& seccomp, const Architecture& native = native_architecture());

/// The names in `seccomp` that no kernel's headers have, each with the index of its first rule.
struct UnknownCall {
  std::string name;
  std::size_t rule = 0;
};
std::vector<UnknownCall> unknown_calls(const spec::Seccomp& seccomp);

}  // namespace caisson::seccomp
