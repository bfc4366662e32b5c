#include "seccomp/answer.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>

namespace caisson::seccomp {

std::uint32_t answer(spec::SeccompAction action, const std::optional<std::uint32_t>& errno_ret) {
  const std::uint32_t data = errno_ret.value_or(EPERM) & SECCOMP_RET_DATA;
  switch (action) {
    case spec::SeccompAction::kKillProcess: return SECCOMP_RET_KILL_PROCESS;
    case spec::SeccompAction::kKillThread: return SECCOMP_RET_KILL_THREAD;
    case spec::SeccompAction::kTrap: return SECCOMP_RET_TRAP;
    case spec::SeccompAction::kErrno: return SECCOMP_RET_ERRNO | data;
    case spec::SeccompAction::kTrace: return SECCOMP_RET_TRACE | data;
    case spec::SeccompAction::kLog: return SECCOMP_RET_LOG;
    case spec::SeccompAction::kAllow: return SECCOMP_RET_ALLOW;
    case spec::SeccompAction::kNotify: return SECCOMP_RET_USER_NOTIF;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

std::uint32_t foreign_answer() { return SECCOMP_RET_KILL_THREAD; }

std::uint32_t unknown_call_answer() { return SECCOMP_RET_ERRNO | ENOSYS; }

bool is_permission(spec::SeccompAction action) {
  return action == spec::SeccompAction::kAllow || action == spec::SeccompAction::kLog ||
         action == spec::SeccompAction::kTrace;
}

bool hides_newer_calls(const spec::Seccomp& seccomp) {
  return !is_permission(seccomp.default_action) && default_answer(seccomp) != unknown_call_answer();
}

bool splits(const std::vector<spec::SeccompArgument>& conditions) {
  std::uint32_t seen = 0;
  return std::any_of(conditions.begin(), conditions.end(), [&](const spec::SeccompArgument& condition) {
    const std::uint32_t bit = 1U << condition.index;
    const bool again = (seen & bit) != 0;
    seen |= bit;
    return again;
  });
}

std::optional<std::vector<const Architecture*>> filtered_architectures(const spec::Seccomp& seccomp,
                                                                       const Architecture& native) {
  std::vector<const Architecture*> list = {&native};
  for (const std::string& word : seccomp.architectures) {
    const Architecture* found = find_architecture(word);
    if (found == nullptr) return std::nullopt;
    if (std::find(list.begin(), list.end(), found) == list.end()) list.push_back(found);
  }
  return list;
}

}  // namespace caisson::seccomp
