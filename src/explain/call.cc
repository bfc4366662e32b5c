#include "explain/call.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "explain/names.h"
#include "explain/words.h"
#include "spec/capability.h"

namespace caisson::explain {

namespace {

using plan::Call;
using plan::Plan;

using Operands = std::vector<std::string>;

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

// "key=value" as the two operands that fsconfig(2) takes.
Operands option(std::string_view text) {
  const Cut cut_at = cut(text, '=');
  Operands operands = {quoted(cut_at.head)};
  if (cut_at.tail) operands.push_back(quoted(*cut_at.tail));
  return operands;
}

std::optional<std::string> nth(const Plan& plan, plan::Range range, std::uint16_t n) {
  if (n >= range.count) return std::nullopt;
  return std::string(plan.view(plan.texts(range)[n]));
}

// What each call of a step worked on. Calls that a step makes on its one path need no case of their own.
struct Caller {
  const Plan& plan;
  const plan::StepFailure& what;

  std::string view(plan::Text text) const { return quoted(plan.view(text)); }

  Operands operator()(const plan::MakeCgroup& a) const {
    const std::string directory = nth(plan, a.directories, what.operand).value_or("");
    if (what.call == Call::kOpen) return {quoted(a.unified ? directory : directory + "/tasks")};
    if (what.call == Call::kRead || what.call == Call::kWrite) return {quoted(directory + "/cpuset.*")};
    return {quoted(directory)};
  }
  Operands operator()(const plan::EnableControllers& a) const {
    const bool leaf = what.operand == 1 || what.call == Call::kMkdir;
    const std::string directory(plan.view(leaf ? a.leaf : a.directory));
    if (what.call != Call::kWrite) return {quoted(directory)};
    if (leaf) return {quoted(directory + "/cgroup.procs")};
    return {quoted(directory + "/cgroup.subtree_control"), view(a.controllers)};
  }
  Operands operator()(const plan::RestrictDevices& a) const {
    if (what.operand == 0) return {"BPF_PROG_LOAD", "BPF_PROG_TYPE_CGROUP_DEVICE"};
    return {"BPF_PROG_ATTACH", quoted(slot_path(plan, a.cgroup))};
  }
  Operands operator()(const plan::GiveCgroup& a) const {
    std::string path = slot_path(plan, a.cgroup);
    if (what.operand > 0) path += "/" + nth(plan, a.files, static_cast<std::uint16_t>(what.operand - 1)).value_or("");
    return {quoted(path), fmt::format("{}", a.owner)};
  }
  Operands operator()(const plan::MakeMountSource& a) const { return {view(a.path)}; }
  Operands operator()(const plan::WriteFile& a) const {
    return what.call == Call::kWrite ? Operands{view(a.path), view(a.value)} : Operands{view(a.path)};
  }
  Operands operator()(const plan::IdMapTree& a) const {
    if (what.call == Call::kOpen) return {quoted("/proc/PID/ns/user")};
    return {tree_source(plan, a.tree), "set MOUNT_ATTR_IDMAP"};
  }
  Operands operator()(const plan::MakeUserNamespace& a) const {
    if (what.call == Call::kClone3) return {"CLONE_NEWUSER"};
    if (what.call == Call::kOpen) return {quoted("/proc/PID/ns/user")};
    const bool groups = what.operand == 1;
    return {quoted(groups ? "gid_map" : "uid_map"), quoted(trimmed(plan.view(groups ? a.gid_map : a.uid_map)))};
  }
  Operands operator()(const plan::MoveNetworkDevice& a) const {
    if (what.call == Call::kOpen) return {quoted("/proc/PID/ns/net")};
    if (what.call == Call::kSocket) return {"AF_NETLINK"};
    if (what.call != Call::kNetlink) return {"CLONE_NEWNET"};
    return what.operand == 0 ? Operands{"RTM_GETLINK", view(a.name)} : Operands{"RTM_NEWLINK", view(a.new_name)};
  }
  Operands operator()(const plan::JoinResctrlGroup& a) const {
    const std::string directory(plan.view(a.directory));
    if (what.operand == 0xfffe) return {quoted(directory + "/tasks")};
    if (what.call == Call::kMkdir || what.call == Call::kRmdir || what.operand == 0xffff) return {quoted(directory)};
    const std::optional<std::string> line = nth(plan, a.schemata, what.operand);
    Operands operands = {quoted(directory + "/schemata")};
    if (what.call == Call::kWrite && line) operands.push_back(quoted(trimmed(*line)));
    return operands;
  }
  Operands operator()(const plan::MapIds& a) const {
    if (what.call == Call::kNewuidmap) return {quoted(trimmed(plan.view(a.uid_map)))};
    if (what.call == Call::kNewgidmap) return {quoted(trimmed(plan.view(a.gid_map)))};
    if (what.operand == 2) return {quoted("setgroups"), quoted("deny")};
    const bool groups = what.operand == 1;
    return {quoted(groups ? "gid_map" : "uid_map"), quoted(trimmed(plan.view(groups ? a.gid_map : a.uid_map)))};
  }
  Operands operator()(const plan::Spawn& a) const {
    if (what.call == Call::kSetns) return {slot_words(plan, a.mounts), "CLONE_NEWNS"};
    if (what.call == Call::kChroot || what.call == Call::kChdir) return {"what it was before"};
    if (what.call == Call::kOpen && what.operand == 1) return {quoted("/proc/self/ns/mnt")};
    if (what.call == Call::kOpen || what.call == Call::kWrite) {
      return {quoted(slot_path(plan, a.cgroup) + "/cgroup.procs")};
    }
    return {clone_flag_names(a.flags) + (a.cgroup == plan::kNoSlot || a.joins ? "" : "|CLONE_INTO_CGROUP")};
  }
  Operands operator()(const plan::Await& a) const { return {std::string(tag_name(a.tag))}; }
  Operands operator()(const plan::AwaitStart& a) const { return {slot_words(plan, a.listener)}; }
  Operands operator()(const plan::Signal& a) const { return {std::string(tag_name(a.tag))}; }
  Operands operator()(const plan::SendDescriptor& a) const { return {slot_words(plan, a.descriptor)}; }
  Operands operator()(const plan::ReceiveDescriptor& a) const { return {slot_words(plan, a.descriptor)}; }
  Operands operator()(const plan::RunHook& a) const {
    return what.call == Call::kExecve ? Operands{view(a.path)} : Operands{};
  }
  Operands operator()(const plan::AskSystemd& a) const {
    return what.call == Call::kExecve ? Operands{view(a.program)} : Operands{};
  }
  Operands operator()(const plan::OpenFile& a) const { return {view(a.path), open_flag_names(a.flags)}; }
  Operands operator()(const plan::JoinNamespace& a) const {
    const std::string path = slot_path(plan, a.descriptor);
    return {path.empty() ? slot_words(plan, a.descriptor) : quoted(path), clone_flag_names(a.flags)};
  }
  Operands operator()(const plan::AttachCgroup& a) const {
    if (const auto tasks = nth(plan, a.tasks, what.operand))
      return {quoted(*tasks), what.call == Call::kOpen ? "O_WRONLY" : quoted("0")};
    const std::string path = slot_path(plan, static_cast<plan::Slot>(a.first + what.operand));
    const bool is_file = path.ends_with("/tasks") || path.ends_with("/cgroup.procs");
    return {quoted(is_file ? path : path + "/tasks"), quoted("0")};
  }
  Operands operator()(const plan::Unshare& a) const { return {clone_flag_names(a.flags)}; }
  Operands operator()(const plan::MakeTimeNamespace& a) const {
    if (what.call == Call::kUnshare) return {"CLONE_NEWTIME"};
    if (what.call == Call::kWrite) return {quoted("/proc/self/timens_offsets"), quoted(trimmed(plan.view(a.offsets)))};
    const bool offsets = what.call == Call::kOpen && what.operand == 0;
    return {quoted(offsets ? "/proc/self/timens_offsets" : "/proc/self/ns/time_for_children")};
  }
  Operands operator()(const plan::BringUpLoopback&) const { return {what.call == Call::kSocket ? "" : quoted("lo")}; }
  Operands operator()(const plan::SetHostname& a) const {
    return {view(what.call == Call::kSetdomainname ? a.domainname : a.hostname)};
  }
  Operands operator()(const plan::OpenTree& a) const {
    if (a.type) return new_file_system(a.type, a.options, a.set);
    if (what.call == Call::kOpen) return {view(a.source)};
    if (what.call == Call::kOpenat2) return {view(a.below)};
    if (what.call == Call::kMountSetattr) return {view(a.source), propagation_names(a.propagation)};
    return {view(a.source), std::string("OPEN_TREE_CLONE") + (a.recursive ? "|AT_RECURSIVE" : "") +
                                (a.no_follow ? "|AT_SYMLINK_NOFOLLOW" : "")};
  }
  Operands operator()(const plan::SetPropagation& a) const { return {quoted("/"), propagation_names(a.flags)}; }
  Operands operator()(const plan::MountRoot& a) const {
    if (what.call == Call::kMount) return {view(a.type), view(a.at), view(a.options)};
    if (what.call == Call::kFsopen) return {view(a.type)};
    if (what.call == Call::kFsconfig) return overlay_option(plan.view(a.options));
    return {view(a.at)};
  }
  Operands operator()(const plan::MountOverlayRoot& a) const {
    if (what.call == Call::kFsopen || what.call == Call::kFsmount || what.call == Call::kMount)
      return {quoted("overlay")};
    return {quoted(tree_source(plan, a.writable))};
  }
  Operands operator()(const plan::Mount& a) const {
    if (what.call == Call::kSetxattr) return {view(a.target), quoted("security.selinux"), view(a.label)};
    if (what.call == Call::kSymlink) return {quoted(tree_source(plan, a.tree)), view(a.target)};
    const std::uint64_t set = a.set | a.recursive_set;
    const std::uint64_t clear = a.clear | a.recursive_clear;
    if (what.call == Call::kMountSetattr) {
      Operands operands = {view(a.target)};
      if (set != 0) operands.push_back("set " + mount_attribute_names(set));
      if (clear != 0) operands.push_back("clear " + mount_attribute_names(clear));
      if (a.propagation != 0) operands.push_back(propagation_names(a.propagation));
      return operands;
    }
    if (what.call == Call::kMoveMount || what.call == Call::kMount) {
      return {a.tree != plan::kNoSlot ? quoted(tree_source(plan, a.tree)) : view(a.type), view(a.target)};
    }
    if (a.type && (what.call == Call::kFsopen || what.call == Call::kFsconfig || what.call == Call::kFsmount)) {
      return new_file_system(a.type, a.options, a.set);
    }
    return {view(a.target)};
  }
  Operands operator()(const plan::MakeDevice& a) const {
    if (what.call == Call::kChown) return {view(a.path), fmt::format("{}:{}", a.uid, a.gid)};
    if (what.call == Call::kChmod) return {view(a.path), fmt::format("{:04o}", a.mode & 07777U)};
    if (what.call != Call::kMknod) return {view(a.path)};
    if (S_ISFIFO(a.mode)) return {view(a.path), "S_IFIFO"};
    return {view(a.path), S_ISBLK(a.mode) ? "S_IFBLK" : "S_IFCHR", fmt::format("{}:{}", a.major, a.minor)};
  }
  Operands operator()(const plan::BindDevice& a) const { return {view(a.path)}; }
  Operands operator()(const plan::MakeLink& a) const {
    return what.call == Call::kSymlink ? Operands{view(a.target), view(a.path)} : Operands{view(a.path)};
  }
  Operands operator()(const plan::Pivot& a) const {
    if (a.move) {
      if (what.call == Call::kOpen || what.call == Call::kRead) return {quoted("/proc/self/mountinfo")};
      return what.call == Call::kMount ? Operands{quoted("."), quoted("/"), "MS_MOVE"} : Operands{quoted(".")};
    }
    if (what.call == Call::kUmount) return {quoted("."), "MNT_DETACH"};
    return what.call == Call::kPivotRoot ? Operands{quoted("."), quoted(".")} : Operands{quoted("/")};
  }
  Operands operator()(const plan::ChangeRoot& a) const {
    const std::string path = slot_path(plan, a.root);
    return {path.empty() ? slot_words(plan, a.root) : quoted(path)};
  }
  Operands operator()(const plan::Mask& a) const { return {view(a.path)}; }
  Operands operator()(const plan::MakeReadOnly& a) const {
    return what.call == Call::kMountSetattr ? Operands{view(a.path), "set MOUNT_ATTR_RDONLY"} : Operands{view(a.path)};
  }
  Operands operator()(const plan::SetAttribute& a) const {
    switch (a.attribute) {
      case plan::Attribute::kDeathSignal: return {"PR_SET_PDEATHSIG", signal_name(static_cast<int>(a.value))};
      case plan::Attribute::kNotDumpable: return {"PR_SET_DUMPABLE", "0"};
      case plan::Attribute::kNewSession: return {};
      case plan::Attribute::kKeyring:
        if (what.operand == 1) return {"KEYCTL_SETPERM", fmt::format("{:#x}", a.value)};
        return a.name ? Operands{"KEYCTL_JOIN_SESSION_KEYRING", view(a.name)} : Operands{"KEYCTL_JOIN_SESSION_KEYRING"};
      case plan::Attribute::kLimit:
        return {limit_name(a.which), limit_value(static_cast<std::uint64_t>(a.value)),
                limit_value(static_cast<std::uint64_t>(a.second))};
      case plan::Attribute::kUmask: return {fmt::format("{:04o}", a.value)};
      case plan::Attribute::kNoNewPrivileges: return {"PR_SET_NO_NEW_PRIVS", "1"};
      case plan::Attribute::kIoPriority:
        return {known_name(spec::kIoClasses, static_cast<std::uint32_t>(a.which)), fmt::format("{}", a.value)};
      case plan::Attribute::kPersonality:
        return {known_name(spec::kPersonalityDomains, static_cast<std::uint32_t>(a.value))};
    }
    return {};
  }
  Operands operator()(const plan::SetAffinity& a) const { return {number_list(plan.numbers(a.processors))}; }
  Operands operator()(const plan::SetScheduler& a) const { return {known_name(spec::kSchedulerPolicies, a.policy)}; }
  Operands operator()(const plan::SetMemoryPolicy& a) const {
    return {known_name(spec::kMemoryPolicyModes, a.mode), quoted(number_list(plan.numbers(a.nodes)))};
  }
  // In the quotes in which podman looks for it.
  Operands operator()(const plan::SetLabel& a) const {
    Operands operands = {fmt::format("`{}`", label_file(a.label, what.operand == 1))};
    if (what.call == Call::kStatfs) return {quoted("/proc")};
    if (what.call == Call::kWrite) operands.push_back(view(a.value));
    return operands;
  }
  Operands operator()(const plan::FindHome&) const { return {}; }
  Operands operator()(const plan::RestrictFiles& a) const {
    if (what.call == Call::kLandlockCreateRuleset || what.call == Call::kLandlockRestrictSelf) return {};
    if (what.call == Call::kOpen) return {quoted("/")};
    return {quoted(nth(plan, a.paths, what.operand).value_or(""))};
  }
  Operands operator()(const plan::ConnectStreams& a) const {
    return what.call == Call::kChown ? Operands{fmt::format("{}", what.operand), fmt::format("{}", a.uid)}
                                     : Operands{fmt::format("{}", what.operand)};
  }
  Operands operator()(const plan::Console& a) const {
    if (what.call == Call::kChown) return {quoted("/dev/pts/0"), fmt::format("{}", a.uid)};
    return {quoted(what.call == Call::kMoveMount ? "/dev/console" : "/dev/pts/ptmx")};
  }
  Operands operator()(const plan::SetIds& a) const {
    if (what.call == Call::kSetresuid) return {fmt::format("{}", a.uid)};
    if (what.call == Call::kSetresgid) return {fmt::format("{}", a.gid)};
    if (what.call == Call::kPrctl) return {spec::capability_name(what.operand)};
    if (what.call != Call::kSetgroups) return {};
    Operands operands;
    for (const std::uint32_t group : plan.numbers(a.groups)) operands.push_back(fmt::format("{}", group));
    return operands;
  }
  Operands operator()(const plan::ChangeDirectory& a) const { return {view(a.path)}; }
  Operands operator()(const plan::CloseDescriptors& a) const {
    return {fmt::format("{}", a.from), "CLOSE_RANGE_CLOEXEC"};
  }
  Operands operator()(const plan::LoadFilter& a) const {
    return {"SECCOMP_SET_MODE_FILTER", filter_flag_names(a.flags),
            fmt::format("{} instructions", a.instructions.count)};
  }
  Operands operator()(const plan::SendListener& a) const {
    return what.call == Call::kSocket ? Operands{"AF_UNIX"} : Operands{view(a.path)};
  }
  Operands operator()(const plan::FindProgram& a) const {
    return {quoted(nth(plan, a.candidates, what.operand).value_or("")), "X_OK"};
  }
  Operands operator()(const plan::Exec& a) const {
    return {quoted(nth(plan, a.candidates, what.operand).value_or(""))};
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    return text;
  }
  Operands overlay_option(std::string_view options) const {
    const std::vector<std::string_view> pieces = split(options, ',');
    return what.operand < pieces.size() ? option(pieces[what.operand]) : Operands{"FSCONFIG_CMD_CREATE"};
  }
  Operands new_file_system(plan::Text type, plan::Range options, std::uint64_t set) const {
    if (what.call == Call::kFsmount) return {view(type), mount_attribute_names(set)};
    if (what.call != Call::kFsconfig) return {view(type)};
    const std::optional<std::string> text = nth(plan, options, what.operand);
    return text ? option(*text) : Operands{"FSCONFIG_CMD_CREATE"};
  }
};

// What a check of our own found.
constexpr std::pair<Call, std::string_view> kVerdicts[] = {
    {Call::kVerifyDevice, "what is there is not the device that it should be"},
    {Call::kVerifyTerminal, "what is there is not a terminal's multiplexer"},
    {Call::kVerifyNamespace, "it is not a namespace of that type"},
    {Call::kVerifyProcfs, "it does not belong to procfs"},
    {Call::kVerifyInside, "it lies outside the container's root"},
    {Call::kVerifyDirectory,
     "it must be mounted on ordinary directory, and this is none, or is reached through a link"},
    {Call::kVerifyTarget, "it cannot be mounted because it is inside /proc"},
    {Call::kVerifySchemata, "the group exists and has other schemata"},
};

// Of a wait status.
std::string ending(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("it ended with exit status {}", WEXITSTATUS(status));
  const bool is_filtered = WTERMSIG(status) == SIGSYS;
  return fmt::format("it was killed by signal {} ({}{})", WTERMSIG(status), signal_name(WTERMSIG(status)),
                     is_filtered ? ": bad system call" : "");
}

}  // namespace

std::string describe_call(const Plan& plan, const plan::Action& action, const plan::StepFailure& what) {
  for (const auto& [call, words] : kVerdicts) {
    if (call == what.call) return std::string(words);
  }
  if (what.call == Call::kNone) return {};
  if (what.call == Call::kHookStatus) return ending(what.operand);
  const auto* hook = std::get_if<plan::RunHook>(&action);
  if (hook != nullptr && what.call == Call::kHookTimeout)
    return fmt::format("it was not done in {} s, and was killed", hook->timeout_s);
  return fmt::format("{}({})", plan::call_name(what.call), join(std::visit(Caller{plan, what}, action), ", "));
}

}  // namespace caisson::explain
