// How a step fails: eight bytes that fit into one packet from the child; the words are made from the plan by explain.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/step.h"

namespace caisson::plan {

/// The system call, or the check of our own, that failed.
enum class Call : std::uint8_t {
  kNone,
  // files and mounts
  kOpen,
  kOpenat2,
  kMkdir,
  kMknod,
  kSymlink,
  kReadlink,
  kStat,
  kStatfs,
  kRead,
  kWrite,
  kChmod,
  kChown,
  kClose,
  kOpenTree,
  kMoveMount,
  kMountSetattr,
  kFsopen,
  kFsconfig,
  kFsmount,
  kMount,
  kUmount,
  kPivotRoot,
  kChroot,
  kChdir,
  kGetcwd,
  kRmdir,
  kGetdents,
  kSetxattr,
  kFlock,
  // processes and namespaces
  kClone3,
  kUnshare,
  kSetns,
  kSetsid,
  kKeyctl,
  kPrctl,
  kPrlimit,
  kUmask,
  kSetgroups,
  kSetresgid,
  kSetresuid,
  kCapset,
  kIoctl,
  kSethostname,
  kSetdomainname,
  kDup,
  kCloseRange,
  kExecve,
  kFaccessat,
  kAccept,
  kWait,
  kNewuidmap,  ///< newuidmap(1), newgidmap(1): executed (errno of execve), or refused (EPERM)
  kNewgidmap,
  kPidfdOpen,
  kPidfdSendSignal,
  kBpf,
  kSchedSetaffinity,
  kSchedSetattr,
  kIoprioSet,
  kPersonality,
  kSetMempolicy,
  kLandlockCreateRuleset,
  kLandlockAddRule,
  kLandlockRestrictSelf,
  kSeccomp,
  // messages
  kSocket,
  kConnect,
  kSend,
  kReceive,
  kMemfdCreate,
  kNetlink,      ///< a request of rtnetlink(7)
  kForced,       ///< none: a test made the step fail (execute::Executor::fail_at)
  kHookStatus,   ///< a hook ended otherwise than with 0; `operand` is its wait status
  kHookTimeout,  ///< a hook was not done in its time
  kSystemd,      ///< systemd, or the program that talks to it, refused: Failure::said has its words
  // checks of our own
  kVerifyDevice,     ///< a node that must be a certain device is not (CVE-2025-31133)
  kVerifyTerminal,   ///< what should be a terminal's multiplexer is not (CVE-2025-52565)
  kVerifyNamespace,  ///< a file is not a namespace of the type asked for
  kVerifyProcfs,     ///< a file below /proc does not belong to procfs (CVE-2025-52881)
  kVerifyInside,     ///< the working directory lies outside the root (CVE-2024-21626)
  kVerifyDirectory,  ///< what /proc or /sys is mounted on is not a directory (CVE-2023-27561)
  kVerifyTarget,     ///< a mount would hide a part of procfs (CVE-2019-16884)
  kVerifySchemata,   ///< a resctrl group that exists has other schemata
  kProtocol,         ///< the other lane said something else, or went without a word
  kCount
};

/// The name of a call as its man page has it ("move_mount"), or of a check ("verify_device").
std::string_view call_name(Call call);

/// What failed. `operand` is the number of the thing within the step, where it has several (option, candidate,
/// directory).
struct StepFailure {
  std::uint16_t step = 0;
  Call call = Call::kNone;
  std::uint8_t alternative = 0;  ///< 0 the step's action, 1 its fallback
  std::uint16_t operand = 0;
  std::int16_t error = 0;  ///< errno
};
static_assert(sizeof(StepFailure) == 8);

/// A failure as the parent knows it.
struct Failure {
  Lane lane = Lane::kParent;
  StepFailure what;
  std::optional<int> wait_status;  ///< the child's, when it died without a word (Call::kProtocol)
  /// What a program printed that failed: the end of it for a hook; for systemd's (Call::kSystemd) why, perhaps with a
  /// hint on a second line.
  std::string said;
  std::vector<Failure> undo;  ///< what failed while the host was put back as it was
};

}  // namespace caisson::plan
