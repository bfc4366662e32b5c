// libseccomp's filter of the same rules, made as runc makes it. Only where libseccomp-dev is installed.
#pragma once

#include <linux/filter.h>

#include <set>
#include <string>
#include <vector>

#include "seccomp/architecture.h"
#include "spec/seccomp.h"

namespace caisson::seccomp {

struct Oracle {
  std::vector<struct sock_filter> instructions;
  std::set<std::string> unknown;      ///< names of calls that this libseccomp does not have, or under another number
  std::set<std::uint32_t> elsewhere;  ///< and its numbers for those
  std::set<std::string> refused;      ///< calls a rule of which it would not take beside the others
};

/// Nothing where libseccomp does not have one of the architectures.
bool make_oracle(const spec::Seccomp& seccomp, const Architecture& native, Oracle& oracle);

/// Adds the calls of `seccomp` that libseccomp has under other numbers than we do.
void note_other_numbers(const spec::Seccomp& seccomp, const Architecture& native, Oracle& oracle);

}  // namespace caisson::seccomp
