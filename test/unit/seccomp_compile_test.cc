// The compiled filters: what they answer, and that the kernel takes them.
#include <gmock/gmock.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "filter_interpreter.h"
#include "seccomp/answer.h"
#include "seccomp/calls.h"
#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "seccomp_generated.h"

namespace caisson::seccomp {
namespace {

using ::testing::IsEmpty;
using Op = spec::SeccompOperator;
using Action = spec::SeccompAction;

constexpr std::uint32_t kErrno = SECCOMP_RET_ERRNO;
constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
const Architecture& kX86_64 = *find_architecture("amd64");

std::uint32_t number(const char* name, const char* architecture = "amd64") {
  return find_call(name)->number(find_architecture(architecture)->abi).value();
}

// Both ways to the answer have to agree.
std::uint32_t ask(const spec::Seccomp& seccomp, const MadeCall& call, const Architecture& native = kX86_64) {
  const Result<Filter> filter = compile(seccomp, native);
  EXPECT_TRUE(filter) << filter.error().text();
  EXPECT_THAT(refusal(filter->instructions), IsEmpty());
  const std::uint32_t answered = interpret(filter->instructions, call, native.little_endian);
  EXPECT_EQ(decide(seccomp, call, native).answer, answered);
  return answered;
}
std::uint32_t ask(const spec::Seccomp& seccomp, const char* name, std::array<std::uint64_t, 6> arguments = {}) {
  return ask(seccomp, {AUDIT_ARCH_X86_64, number(name), arguments});
}

TEST(Calls, HaveTheNumbersOfThisMachine) {
  EXPECT_EQ(find_call("read")->number(native_architecture().abi), SYS_read);
  EXPECT_EQ(find_call("clone3")->number(native_architecture().abi), SYS_clone3);
  EXPECT_EQ(find_call("openat2")->number(native_architecture().abi), SYS_openat2);
  EXPECT_EQ(find_call("no_such_call"), nullptr);
  EXPECT_EQ(find_call(Abi::kX32, kX32Bit | 1)->name, "write");
  EXPECT_EQ(number("set_tls", "arm"), 0xf0005U);
  for (const Call& call : calls()) EXPECT_EQ(find_call(call.name), &call);
}

TEST(Filters, LetTheFirstRuleWithoutConditionsDecide) {
  spec::Seccomp s{.default_action = Action::kErrno, .default_errno_ret = ENOSYS};
  s.syscalls = {{{"mkdir"}, Action::kErrno, 5, {{0, 7}}},
                {{"mkdir"}, Action::kAllow, {}, {}},
                {{"mkdir"}, Action::kTrap, {}, {}}};
  EXPECT_EQ(ask(s, "mkdir", {7}), kAllow);
  EXPECT_EQ(ask(s, "rmdir"), kErrno | ENOSYS);
}

TEST(Filters, LetTheFirstRuleWithTrueConditionsDecide) {
  spec::Seccomp s{.default_action = Action::kErrno, .default_errno_ret = ENOSYS};
  s.syscalls = {{{"socket"}, Action::kErrno, {}, {{0, 40}}},
                {{"socket"}, Action::kErrno, EINVAL, {{0, 16}, {2, 9}}},
                {{"socket"}, Action::kAllow, {}, {{0, 30, 0, Op::kGreater}}}};
  EXPECT_EQ(ask(s, "socket", {40}), kErrno | EPERM) << "EPERM unless it is told";
  EXPECT_EQ(ask(s, "socket", {16, 0, 9}), kErrno | EINVAL);
  EXPECT_EQ(ask(s, "socket", {16, 0, 8}), kErrno | ENOSYS);
  EXPECT_EQ(ask(s, "socket", {31}), kAllow);
}

TEST(Filters, LeaveOutWhatTheDefaultSays) {
  spec::Seccomp s{.default_action = Action::kErrno};
  s.syscalls = {{{"mkdir"}, Action::kErrno, EPERM, {}}, {{"mkdir"}, Action::kAllow, {}, {}}};
  EXPECT_EQ(ask(s, "mkdir"), kAllow) << "as runc: the first is no rule";
}

TEST(Filters, TakeConditionsOnOneArgumentForRulesOfTheirOwn) {
  spec::Seccomp s{.default_action = Action::kErrno};
  s.syscalls = {{{"mkdir"}, Action::kAllow, {}, {{1, 7}, {1, 9}, {0, 3}}}};
  EXPECT_EQ(ask(s, "mkdir", {0, 7}), kAllow);
  EXPECT_EQ(ask(s, "mkdir", {0, 9}), kAllow);
  EXPECT_EQ(ask(s, "mkdir", {3, 0}), kAllow);
  EXPECT_EQ(ask(s, "mkdir", {0, 0}), kErrno | EPERM);
}

struct OperatorCase {
  Op op;
  std::uint64_t value, value_two, argument;
  bool holds;
};
TEST(Filters, CompareWithAll64Bits) {
  constexpr std::uint64_t kBig = 0x1'0000'0005;
  const OperatorCase cases[] = {
      {Op::kEqual, kBig, 0, kBig, true},
      {Op::kEqual, kBig, 0, 5, false},
      {Op::kEqual, 5, 0, kBig, false},
      {Op::kNotEqual, 5, 0, kBig, true},
      {Op::kNotEqual, kBig, 0, kBig, false},
      {Op::kLess, kBig, 0, 6, true},
      {Op::kLess, kBig, 0, kBig, false},
      {Op::kLess, kBig, 0, kBig - 1, true},
      {Op::kLess, kBig, 0, 0x2'0000'0000, false},
      {Op::kLessOrEqual, kBig, 0, kBig, true},
      {Op::kLessOrEqual, kBig, 0, kBig + 1, false},
      {Op::kGreater, kBig, 0, kBig, false},
      {Op::kGreater, kBig, 0, 0x2'0000'0000, true},
      {Op::kGreater, kBig, 0, 0xffffffff, false},
      {Op::kGreaterOrEqual, kBig, 0, kBig, true},
      {Op::kGreaterOrEqual, kBig, 0, kBig - 1, false},
      {Op::kGreaterOrEqual, 0, 0, 0, true},
      {Op::kLess, 0, 0, ~0ULL, false},
      {Op::kMaskedEqual, 0x7e020000, 0, 0x11, true},
      {Op::kMaskedEqual, 0x7e020000, 0, 0x20011, false},
      {Op::kMaskedEqual, 0xff00000000, 0x1200000000, 0x312ffffffff, true},
      {Op::kMaskedEqual, 0xff00000000, 0x1200000000, 0x313ffffffff, false},
      {Op::kMaskedEqual, 0xf, 0x31, 1, true},
      {Op::kMaskedEqual, 0, 5, 77, true},
      {Op::kMaskedEqual, ~0ULL, kBig, kBig, true},
      {Op::kMaskedEqual, ~0ULL, kBig, 5, false},
  };
  for (const OperatorCase& c : cases) {
    spec::Seccomp s{.default_action = Action::kErrno};
    s.syscalls = {{{"mkdir"}, Action::kAllow, {}, {{1, c.value, c.value_two, c.op}}}};
    EXPECT_EQ(ask(s, "mkdir", {~0ULL, c.argument}), c.holds ? kAllow : kErrno | EPERM)
        << spec::operator_word(c.op) << " " << c.value << " " << c.argument;
  }
}

// A program of 64 bits that makes calls of 32 has junk in the high halves (int 0x80): its kernel does not look there.
TEST(Filters, LookAtLowHalvesAloneWhereArgumentsHave32Bits) {
  spec::Seccomp s{.default_action = Action::kAllow, .architectures = {"SCMP_ARCH_X86"}};
  s.syscalls = {{{"mkdir"}, Action::kErrno, {}, {{0, 40}}}};
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, number("mkdir", "x86"), {0x100000028}}), kErrno | EPERM);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, number("mkdir"), {0x100000028}}), kAllow);
}

TEST(Filters, KillOnForeignArchitectures) {
  spec::Seccomp s{.default_action = Action::kAllow};
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, 1, {}}), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, kX32Bit | 1, {}}), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, ~0U, {}}), kAllow) << "how a tracer skips a call";
  s.architectures = {"SCMP_ARCH_X32"};
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, kX32Bit | 1, {}}), kAllow);
}

TEST(Filters, GiveEnosysToNewerCalls) {
  spec::Seccomp s{.default_action = Action::kKillProcess, .architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"}};
  s.syscalls = {{{"read", "openat2"}, Action::kAllow, {}, {}}};
  const std::uint32_t newest = number("openat2");
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, newest - 1, {}}), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, newest + 1, {}}), kErrno | ENOSYS);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, kX32Bit - 1, {}}), kErrno | ENOSYS);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, kX32Bit | (newest + 1), {}}), kErrno | ENOSYS);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, newest + 1, {}}), kErrno | ENOSYS);
  for (const Action permissive : {Action::kAllow, Action::kLog, Action::kTrace}) {
    s.default_action = permissive;
    s.syscalls[0].action = Action::kTrap;
    EXPECT_EQ(ask(s, {AUDIT_ARCH_X86_64, newest + 1, {}}), answer(permissive, {}));
  }
  spec::Seccomp names_nothing{.default_action = Action::kTrap};
  EXPECT_EQ(ask(names_nothing, {AUDIT_ARCH_X86_64, 600, {}}), SECCOMP_RET_TRAP);
}

TEST(Filters, GiveEnosysAsEachArchitectureNeedsIt) {
  spec::Seccomp s{.default_action = Action::kErrno, .syscalls = {{{"read", "set_tls"}, Action::kAllow, {}, {}}}};
  const Architecture& arm = *find_architecture("arm");
  EXPECT_EQ(ask(s, {arm.audit, 4, {}}, arm), kErrno | ENOSYS);
  EXPECT_EQ(ask(s, {arm.audit, 0xf0001, {}}, arm), kErrno | EPERM) << "its own calls are numbered apart";
  EXPECT_EQ(ask(s, {arm.audit, 0xf0005, {}}, arm), kAllow);
  const Architecture& s390x = *find_architecture("s390x");
  EXPECT_EQ(ask(s, {s390x.audit, 0, {}}, s390x), kErrno | ENOSYS) << "setup(2) stands for what it does not have";
  EXPECT_EQ(ask(s, {s390x.audit, 1, {}}, s390x), kErrno | EPERM);
}

TEST(Filters, KnowWhatIsCarriedBySocketcallAndIpc) {
  spec::Seccomp s{.default_action = Action::kErrno, .architectures = {"SCMP_ARCH_X86"}};
  s.syscalls = {{{"bind", "semop"}, Action::kAllow, {}, {}},
                {{"socket"}, Action::kAllow, {}, {{0, 1}}},
                {{"connect"}, Action::kTrap, {}, {{0, 1}}}};
  const std::uint32_t socketcall = number("socketcall", "x86"), ipc = number("ipc", "x86");
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, socketcall, {2}}), kAllow);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, socketcall, {1, 1}}), kErrno | EPERM) << "what cannot be checked is not permitted";
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, socketcall, {3, 1}}), SECCOMP_RET_TRAP) << "but refused";
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, ipc, {1}}), kAllow);
  EXPECT_EQ(ask(s, {AUDIT_ARCH_I386, ipc, {2}}), kErrno | EPERM);
}

TEST(Filters, AreRefusedForAnArchitectureOfTheOtherByteOrder) {
  spec::Seccomp seccomp;
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_PPC"};
  const Result<Filter> filter = compile(seccomp, *find_architecture("SCMP_ARCH_X86_64"));
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().text(), "SCMP_ARCH_PPC has another byte order than this host's SCMP_ARCH_X86_64");
}

TEST(Filters, AreRefusedWhenTheyAreTooLong) {
  spec::Seccomp s{.default_action = Action::kErrno};
  for (std::uint64_t i = 0; i < 4200; ++i) s.syscalls.push_back({{"mkdir"}, Action::kAllow, {}, {{0, i * 2}}});
  EXPECT_EQ(compile(s, kX86_64).error().text(), "the filter has more than the 4096 instructions that the kernel takes");
  s.syscalls.resize(3900);
  EXPECT_EQ(ask(s, "mkdir", {7798}), kAllow);
  EXPECT_EQ(ask(s, "mkdir", {7799}), kErrno | EPERM);
}

TEST(Filters, JumpFartherThanAConditionalJumpCan) {
  spec::Seccomp s{.default_action = Action::kErrno};
  for (std::uint32_t i = 0; i < 120; ++i) {
    s.syscalls.push_back({{"mkdir"}, Action::kErrno, 200 + i, {{0, i}, {1, i + 1}}});
    s.syscalls.push_back({{"rmdir"}, Action::kErrno, 900 + i, {{2, i * 3ULL << 31, 0, Op::kGreaterOrEqual}, {3, i}}});
  }
  for (std::uint64_t i = 0; i < 120; i += 7) {
    EXPECT_EQ(ask(s, "mkdir", {i, i + 1}), kErrno | (200 + i));
    EXPECT_EQ(ask(s, "rmdir", {0, 0, ~0ULL, i}), kErrno | (900 + i));
  }
}

TEST(Filters, OfGeneratedRulesAnswerAsTheRules) {
  std::mt19937 random(1);
  for (int i = 0; i < 40; ++i) {
    const auto& set = architecture_sets()[static_cast<std::size_t>(i) % architecture_sets().size()];
    const Architecture& native = *find_architecture(set[0]);
    const spec::Seccomp seccomp = generated_rules(random, set, Meeting::kOften);
    const Result<Filter> filter = compile(seccomp, native);
    ASSERT_TRUE(filter);
    ASSERT_THAT(refusal(filter->instructions), IsEmpty());
    for (const MadeCall& call : telling_calls(seccomp, native))
      ASSERT_EQ(interpret(filter->instructions, call, native.little_endian), decide(seccomp, call, native).answer);
  }
}

TEST(Filters, HaveTheFlagsThatAreAskedFor) {
  spec::Seccomp s;
  EXPECT_EQ(compile(s)->flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW) << "as runc and crun, when nothing is said";
  s.flags.emplace();
  EXPECT_EQ(compile(s)->flags, 0U);
  s.flags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"};
  EXPECT_EQ(compile(s)->flags, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG);
  s.syscalls = {{{"mkdir"}, Action::kNotify, {}, {}}};
  EXPECT_TRUE(compile(s)->notifies());
  EXPECT_EQ(compile(s)->flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
}

// --- the kernel --------------------------------------------------------------------------------------------------

// What a child sees of a call under the filter: its errno, or minus the signal that ends it.
int felt(const Filter& filter, long number, const std::array<std::uint64_t, 6>& a) {
  const pid_t child = ::fork();
  if (child == 0) {
    const struct sock_fprog program{static_cast<unsigned short>(filter.instructions.size()),
                                    const_cast<struct sock_filter*>(filter.instructions.data())};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::signal(SIGSYS, SIG_DFL);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, &program) != 0) ::_exit(255);
    const long result = ::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    ::_exit(result < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// On numbers that no kernel has there is no doubt about who answered: 0 … 133 is the filter's, ENOSYS the kernel's.
TEST(Kernel, AnswersAsTheInterpreter) {
  const Architecture& native = native_architecture();
  std::mt19937 random(815);
  std::vector<std::string> names;
  for (const Call& call : calls()) {
    // Harmless whatever comes of them.
    for (const char* harmless : {"getpid", "getppid", "getuid", "gettid", "sched_yield", "umask", "alarm", "getpgid"})
      if (call.name == harmless && call.number(native.abi)) names.emplace_back(call.name);
  }
  ASSERT_GE(names.size(), 6U);
  int asked = 0;
  for (int i = 0; i < 60; ++i) {
    spec::Seccomp seccomp{.default_action = Action::kAllow};
    for (int rule = 0; rule < 6; ++rule) {
      constexpr Action kFelt[] = {Action::kErrno, Action::kErrno, Action::kKillProcess, Action::kKillThread,
                                  Action::kTrap};
      spec::SeccompRule& made = seccomp.syscalls.emplace_back();
      made.names = {names[random() % names.size()]};
      made.action = kFelt[random() % 5];
      if (made.action == Action::kErrno) made.errno_ret = 100 + random() % 30;
      made.args = {{static_cast<std::uint32_t>(random() % 6), random() % 3 == 0 ? 0x1'0000'0002 : random() % 4,
                    random() % 4, static_cast<Op>(random() % 7)}};
    }
    const Result<Filter> filter = compile(seccomp, native);
    ASSERT_TRUE(filter);
    for (int call = 0; call < 8; ++call) {
      MadeCall made{native.audit, *find_call(names[random() % names.size()])->number(native.abi), {}};
      for (std::uint64_t& argument : made.arguments) argument = random() % 3 == 0 ? 0x1'0000'0002 : random() % 4;
      const std::uint32_t expected = interpret(filter->instructions, made, native.little_endian);
      if (expected == SECCOMP_RET_KILL_THREAD && made.number == SYS_exit_group) continue;
      const int seen = felt(*filter, made.number, made.arguments);
      ++asked;
      if ((expected & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO) {
        EXPECT_EQ(seen, static_cast<int>(expected & SECCOMP_RET_DATA));
      } else if (expected == SECCOMP_RET_ALLOW) {
        EXPECT_TRUE(seen >= 0 && seen < 100) << seen;
      } else {
        EXPECT_EQ(seen, -SIGSYS) << std::hex << expected;
      }
    }
  }
  EXPECT_GE(asked, 400);
}

TEST(Kernel, TakesTheDefaultProfile) {
  const spec::Seccomp seccomp = resolve(default_profile(), {.capabilities = 0x800405fb, .kernel = {6, 1}});
  const Result<Filter> filter = compile(seccomp);
  ASSERT_TRUE(filter);
  EXPECT_EQ(felt(*filter, SYS_getpid, {}), 0);
  EXPECT_EQ(felt(*filter, SYS_acct, {}), EPERM);
  EXPECT_EQ(felt(*filter, SYS_personality, {0x40000}), ENOSYS);
  EXPECT_EQ(felt(*filter, SYS_socket, {40, 1, 0}), EPERM);
  EXPECT_EQ(felt(*filter, SYS_socket, {16, 3, 9}), EINVAL);
  EXPECT_EQ(felt(*filter, 600, {}), ENOSYS);
}

}  // namespace
}  // namespace caisson::seccomp
