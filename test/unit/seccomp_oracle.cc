#include "seccomp_oracle.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "seccomp/answer.h"
#include "seccomp/calls.h"

namespace caisson::seccomp {

namespace {

std::uint32_t oracle_action(spec::SeccompAction action, const std::optional<std::uint32_t>& errno_ret) {
  const std::uint32_t number = errno_ret.value_or(1);
  switch (action) {
    case spec::SeccompAction::kKillProcess: return SCMP_ACT_KILL_PROCESS;
    case spec::SeccompAction::kKillThread: return SCMP_ACT_KILL_THREAD;
    case spec::SeccompAction::kTrap: return SCMP_ACT_TRAP;
    case spec::SeccompAction::kErrno: return SCMP_ACT_ERRNO(number);
    case spec::SeccompAction::kTrace: return SCMP_ACT_TRACE(number);
    case spec::SeccompAction::kLog: return SCMP_ACT_LOG;
    case spec::SeccompAction::kAllow: return SCMP_ACT_ALLOW;
    case spec::SeccompAction::kNotify: return SCMP_ACT_NOTIFY;
  }
  return 0;
}

scmp_compare oracle_operator(spec::SeccompOperator op) {
  switch (op) {
    case spec::SeccompOperator::kNotEqual: return SCMP_CMP_NE;
    case spec::SeccompOperator::kLess: return SCMP_CMP_LT;
    case spec::SeccompOperator::kLessOrEqual: return SCMP_CMP_LE;
    case spec::SeccompOperator::kEqual: return SCMP_CMP_EQ;
    case spec::SeccompOperator::kGreaterOrEqual: return SCMP_CMP_GE;
    case spec::SeccompOperator::kGreater: return SCMP_CMP_GT;
    case spec::SeccompOperator::kMaskedEqual: return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_EQ;
}

std::uint32_t token_of(const Architecture& architecture) {
  const std::string name(architecture.go_name == "amd64"   ? "x86_64"
                         : architecture.go_name == "arm64" ? "aarch64"
                                                           : architecture.go_name);
  return ::seccomp_arch_resolve_name(name.c_str());
}

bool add_architectures(scmp_filter_ctx context, const spec::Seccomp& seccomp, const Architecture& native) {
  ::seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
  const std::vector<const Architecture*> list = filtered_architectures(seccomp, native).value();
  for (const Architecture* each : list) {
    const std::uint32_t token = token_of(*each);
    if (token == 0 || ::seccomp_arch_add(context, token) != 0) return false;
  }
  return true;
}

void add_rule(scmp_filter_ctx context, const spec::SeccompRule& rule, std::uint32_t default_action, Oracle& oracle) {
  const std::uint32_t action = oracle_action(rule.action, rule.errno_ret);
  if (action == default_action) return;
  std::vector<scmp_arg_cmp> conditions;
  for (const spec::SeccompArgument& a : rule.args)
    conditions.push_back({a.index, oracle_operator(a.op), a.value, a.value_two});
  for (const std::string& name : rule.names) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) {
      oracle.unknown.insert(name);
      continue;
    }
    const auto add = [&](const scmp_arg_cmp* first, std::size_t count) {
      if (::seccomp_rule_add_array(context, action, number, static_cast<unsigned>(count), first) != 0)
        oracle.refused.insert(name);
    };
    if (splits(rule.args)) {
      for (const scmp_arg_cmp& condition : conditions) add(&condition, 1);
    } else {
      add(conditions.data(), conditions.size());
    }
  }
}

bool is_answer(std::uint32_t value) {
  constexpr std::uint32_t kWithData[] = {SCMP_ACT_TRAP, SCMP_ACT_ERRNO(0), SCMP_ACT_TRACE(0)};
  constexpr std::uint32_t kWhole[] = {SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS, SCMP_ACT_NOTIFY, SCMP_ACT_LOG,
                                      SCMP_ACT_ALLOW};
  return std::ranges::find(kWhole, value) != std::end(kWhole) ||
         std::ranges::find(kWithData, value & 0xffff0000) != std::end(kWithData);
}

std::vector<struct sock_filter> exported(scmp_filter_ctx context, bool little_endian) {
  const int file = ::memfd_create("filter", 0);
  ::seccomp_export_bpf(context, file);
  std::vector<struct sock_filter> instructions(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)) /
                                               sizeof(struct sock_filter));
  (void)!::pread(file, instructions.data(), instructions.size() * sizeof(struct sock_filter), 0);
  ::close(file);
  if (little_endian) return instructions;
  // They are exported for the machine that is to run them; some of what they return, for this one (a fault of
  // libseccomp 2.5.4).
  for (struct sock_filter& each : instructions) {
    each.code = __builtin_bswap16(each.code);
    if (each.code != (BPF_RET | BPF_K) || !is_answer(each.k)) each.k = __builtin_bswap32(each.k);
  }
  return instructions;
}

}  // namespace

bool make_oracle(const spec::Seccomp& seccomp, const Architecture& native, Oracle& oracle) {
  const std::uint32_t default_action = oracle_action(seccomp.default_action, seccomp.default_errno_ret);
  scmp_filter_ctx context = ::seccomp_init(default_action);
  const bool known = add_architectures(context, seccomp, native);
  if (known) {
    for (const spec::SeccompRule& rule : seccomp.syscalls) add_rule(context, rule, default_action, oracle);
    oracle.instructions = exported(context, native.little_endian);
  }
  ::seccomp_release(context);
  return known;
}

// A negative number is libseccomp's own, for a call that is made through another one.
void note_other_numbers(const spec::Seccomp& seccomp, const Architecture& native, Oracle& oracle) {
  const std::vector<const Architecture*> list = filtered_architectures(seccomp, native).value();
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const std::string& name : rule.names) {
      const Call* const call = find_call(name);
      for (const Architecture* each : list) {
        const int theirs = ::seccomp_syscall_resolve_name_arch(token_of(*each), name.c_str());
        if (call == nullptr || (carried(*call) && theirs < 0)) continue;
        const auto ours = call->number(each->abi);
        // Its table has it for ppc64, and its own number for it leads nowhere.
        if (name == "sys_debug_setcontext") oracle.unknown.insert(name);
        if (theirs < 0 ? !ours : ours == static_cast<std::uint32_t>(theirs)) continue;
        oracle.unknown.insert(name);
        oracle.elsewhere.insert(static_cast<std::uint32_t>(theirs));
      }
    }
  }
}

}  // namespace caisson::seccomp
