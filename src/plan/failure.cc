#include "plan/failure.h"

namespace caisson::plan {

std::string_view call_name(Call call) {
  switch (call) {
    case Call::kNone: return "";
    case Call::kOpen: return "open";
    case Call::kOpenat2: return "openat2";
    case Call::kMkdir: return "mkdir";
    case Call::kMknod: return "mknod";
    case Call::kSymlink: return "symlink";
    case Call::kReadlink: return "readlink";
    case Call::kStat: return "stat";
    case Call::kStatfs: return "statfs";
    case Call::kRead: return "read";
    case Call::kWrite: return "write";
    case Call::kChmod: return "chmod";
    case Call::kChown: return "chown";
    case Call::kClose: return "close";
    case Call::kOpenTree: return "open_tree";
    case Call::kMoveMount: return "move_mount";
    case Call::kMountSetattr: return "mount_setattr";
    case Call::kFsopen: return "fsopen";
    case Call::kFsconfig: return "fsconfig";
    case Call::kFsmount: return "fsmount";
    case Call::kMount: return "mount";
    case Call::kUmount: return "umount2";
    case Call::kPivotRoot: return "pivot_root";
    case Call::kChroot: return "chroot";
    case Call::kChdir: return "chdir";
    case Call::kGetcwd: return "getcwd";
    case Call::kRmdir: return "rmdir";
    case Call::kGetdents: return "getdents64";
    case Call::kSetxattr: return "fsetxattr";
    case Call::kFlock: return "flock";
    case Call::kNetlink: return "rtnetlink";
    case Call::kVerifyTarget: return "verify_target";
    case Call::kVerifySchemata: return "verify_schemata";
    case Call::kClone3: return "clone3";
    case Call::kUnshare: return "unshare";
    case Call::kSetns: return "setns";
    case Call::kSetsid: return "setsid";
    case Call::kKeyctl: return "keyctl";
    case Call::kPrctl: return "prctl";
    case Call::kPrlimit: return "setrlimit";
    case Call::kUmask: return "umask";
    case Call::kSetgroups: return "setgroups";
    case Call::kSetresgid: return "setresgid";
    case Call::kSetresuid: return "setresuid";
    case Call::kCapset: return "capset";
    case Call::kIoctl: return "ioctl";
    case Call::kSethostname: return "sethostname";
    case Call::kSetdomainname: return "setdomainname";
    case Call::kDup: return "dup3";
    case Call::kCloseRange: return "close_range";
    case Call::kExecve: return "execve";
    case Call::kFaccessat: return "faccessat";
    case Call::kAccept: return "accept4";
    case Call::kWait: return "waitid";
    case Call::kNewuidmap: return "newuidmap";
    case Call::kNewgidmap: return "newgidmap";
    case Call::kPidfdOpen: return "pidfd_open";
    case Call::kPidfdSendSignal: return "pidfd_send_signal";
    case Call::kBpf: return "bpf";
    case Call::kSchedSetaffinity: return "sched_setaffinity";
    case Call::kSchedSetattr: return "sched_setattr";
    case Call::kIoprioSet: return "ioprio_set";
    case Call::kPersonality: return "personality";
    case Call::kSetMempolicy: return "set_mempolicy";
    case Call::kLandlockCreateRuleset: return "landlock_create_ruleset";
    case Call::kLandlockAddRule: return "landlock_add_rule";
    case Call::kLandlockRestrictSelf: return "landlock_restrict_self";
    case Call::kSeccomp: return "seccomp";
    case Call::kSocket: return "socket";
    case Call::kConnect: return "connect";
    case Call::kSend: return "send";
    case Call::kReceive: return "recv";
    case Call::kMemfdCreate: return "memfd_create";
    case Call::kForced: return "forced";
    case Call::kHookStatus: return "hook_status";
    case Call::kHookTimeout: return "hook_timeout";
    case Call::kSystemd: return "systemd";
    case Call::kVerifyDevice: return "verify_device";
    case Call::kVerifyTerminal: return "verify_terminal";
    case Call::kVerifyNamespace: return "verify_namespace";
    case Call::kVerifyProcfs: return "verify_procfs";
    case Call::kVerifyInside: return "verify_inside";
    case Call::kVerifyDirectory: return "verify_directory";
    case Call::kProtocol: return "protocol";
    case Call::kCount: break;
  }
  return "";
}

}  // namespace caisson::plan
