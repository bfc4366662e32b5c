// The vocabulary of steps. A step is one item of the configuration; a lane is a straight line of steps; a plan is up to
// three lanes. Steps are trivially copyable: strings are offsets into the plan's pool, and values that are born late
// (descriptors, pids) go through numbered slots, so that a freshly cloned child can run its lane without allocating.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <variant>

namespace caisson::plan {

/// A string in the plan's pool; offset 0 is the empty string. Plan::c_str() reads it.
struct Text {
  std::uint32_t offset = 0;
  bool operator==(const Text&) const = default;
  explicit operator bool() const { return offset != 0; }
};

/// A run of entries in the plan's lists of texts or numbers.
struct Range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// A numbered place for a descriptor or a pid: written once by one step (or given by the caller), read by later ones.
using Slot = std::uint16_t;
inline constexpr Slot kNoSlot = 0xffff;
inline constexpr int kSlots = 1024;

/// Who runs the steps.
///   parent    the calling process, in the host's namespaces
///   launcher  a fork of the parent that enters what must be entered before the clone; only where needed
///   child     PID 1 of the container, or the process of an exec
enum class Lane : std::uint8_t { kParent, kLauncher, kChild };
inline constexpr int kLanes = 3;

/// The messages between the lanes, over one SEQPACKET pair:
// clang-format off
///     parent                       launcher                     child
///       | ---- clone --------------> | ---- clone -------------> |
///       | <--- descriptor (pidfd) -- gone                        |    only with a launcher
///       | ---- prepared ---------------------------------------> |    user namespace: the id maps are written; with a
///       |                                                        |    launcher: the parent knows the child; v1 cgroups
///       |                                                        |    that are made meanwhile: they are there
///       | <--- descriptor (terminal) --------------------------- |    the terminal's master
///       | <--- mounted ----------------------------------------- |    everything is in place; the host is still visible
///       | ---- hooked -----------------------------------------> |    hooks have run
///       | <--- ready ------------------------------------------- |    all that is left is to execute the program
///       | <--- end of file ------------------------------------- |    executed
///       | <--- failed (StepFailure) ---------------------------- |    instead of any of the above …
///       | ---- gone -------------------------------------------> |    … and the parent has looked at what it wanted to see
///
/// Where one command creates a container and another starts it, the child goes on to listen after `ready`:
///       | ---- prepared ---------------------------------------> |    what was made can be found: it is recorded
///     another command                                            |
///       | ---- start ------------------------------------------> |    on a connection that takes the channel's place
///       | <--- end of file, or failed -------------------------- |    as above
// clang-format on
enum class Tag : std::uint8_t { kPrepared = 1, kMounted, kHooked, kReady, kStart, kDescriptor, kFailed, kGone };

// --- host-visible ------------------------------------------------------------------------------------------------

/// Makes the container's cgroup in every hierarchy, parents included; cpuset files are filled from the parents.
/// Opens each directory's `tasks` for writing (v1), or the directory itself (v2), into slots `first`, `first`+1, …,
/// unless that is kNoSlot.
struct MakeCgroup {
  Range directories;  ///< texts
  Slot first = kNoSlot;
  bool unified = false;
};

/// v2: enables controllers ("+memory +pids") for the cgroups below `directory`, in its cgroup.subtree_control. A cgroup
/// that has processes of its own refuses with EBUSY (cgroup-v2.rst, "No Internal Process Constraint"); with `leaf`,
/// a cgroup below it, they are moved there first.
struct EnableControllers {
  Text directory;
  Text controllers;
  Text leaf;
};

/// v2: loads `program` (BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15) and attaches it to the cgroup in `cgroup`, where it
/// decides about every use of a device, besides those attached above it. It goes with the cgroup.
struct RestrictDevices {
  Slot cgroup = kNoSlot;
  Range program;  ///< numbers: two an instruction (cgroup/device_program.h)
  Range rules;    ///< texts: what it decides, for people
};

/// v2: makes `owner` the owner of the cgroup in `cgroup` and of those of `files` in it that are there: it may make
/// cgroups below then, and no limit is its to change (cgroup-v2.rst, "Delegation").
struct GiveCgroup {
  Slot cgroup = kNoSlot;
  Range files;  ///< texts
  std::uint32_t owner = 0;
};

/// Makes what a later step mounts: a directory, or a file with `content` that the engine has made up (/etc/hosts).
struct MakeMountSource {
  Text path;
  Text content;
  bool directory = false;
};

/// Makes a time namespace and enters it (time_namespaces(7), Linux 5.6): `offsets` are lines "CLOCK SECONDS
/// NANOSECONDS", which can be set only while nobody is in it. A process that makes one has its children in it, and
/// enters it itself by its file.
struct MakeTimeNamespace {
  Text offsets;
};

/// Writes `value` to the file `path`, in one write. Relative to the descriptor in `directory` if there is one.
struct WriteFile {
  Text path;
  Text value;
  Slot directory = kNoSlot;
};

/// Writes the id maps of the process in slot `pid`, then is followed by Signal(prepared). An ordinary user has them
/// written by newuidmap(1) and newgidmap(1).
struct MapIds {
  Slot pid = kNoSlot;
  Text uid_map;  ///< "0 100000 65536\n"…
  Text gid_map;
  Text uid_program;  ///< absolute; empty: written directly
  Text gid_program;
  bool deny_setgroups = false;
};

/// Has the owners of the files in the detached tree in `tree` shown as those that they are in a user namespace, while
/// they stay what they are on the disk (mount_setattr(2), MOUNT_ATTR_IDMAP, Linux 5.12): in that of the process in
/// `pid`, or the one whose file is open in `user_namespace`.
struct IdMapTree {
  Slot tree = kNoSlot;
  Slot pid = kNoSlot;
  Slot user_namespace = kNoSlot;
  bool recursive = false;
};

/// Opens a user namespace with these maps that nobody lives in: for the owners of a mount's files.
struct MakeUserNamespace {
  Text uid_map;
  Text gid_map;
  Slot slot = kNoSlot;
};

/// Moves the network device `name` of the host into the network namespace of the process in `pid`, as `new_name`
/// ("eth%d": the first that is free), with its permanent global addresses, and sets it up. Its number there goes to
/// `index`, negative if it was down on the host, and the namespace's file to `network`: to take it back, when the
/// process is gone.
struct MoveNetworkDevice {
  Text name;
  Text new_name;
  Slot pid = kNoSlot;
  Slot index = kNoSlot;
  Slot network = kNoSlot;
};

/// Puts the process in `pid` into a group of the resctrl file system (Documentation/filesystems/resctrl.rst), at
/// `directory`. One that is missing is made, if `may_make`; `schemata` is written to one that was made, and compared
/// with what an existing one has. The slot `made` says whether it was made: 1 or 0.
struct JoinResctrlGroup {
  Text directory;
  Range schemata;  ///< texts: "L3:0=ff;1=f"
  Slot pid = kNoSlot;
  Slot made = kNoSlot;
  bool may_make = false;
  bool is_shared = false;  ///< others may be in it: what it has is compared, not written
};

// --- processes ---------------------------------------------------------------------------------------------------

/// Clones the next lane's process with `flags` (CLONE_NEW…); its pid and pidfd go to the slots. `cgroup`: born in that
/// v2 cgroup (CLONE_INTO_CGROUP, Linux 5.7); or, with `joins`, the first thing it does is to go there, before it gets a
/// cgroup namespace. `mounts`: a mount namespace that this process is in while it clones, so that a new one has copies
/// of the mounts there, not of the caller's; no path of the host's can be seen from it but those below /proc, /sys and
/// /dev.
struct Spawn {
  Lane lane = Lane::kChild;
  std::uint64_t flags = 0;
  Slot pid = kNoSlot;
  Slot pidfd = kNoSlot;
  Slot cgroup = kNoSlot;
  bool joins = false;
  Slot mounts = kNoSlot;
};

struct Await {
  Tag tag{};
};

/// Waits to be started by another command: for the parent's word that the container is recorded (`prepared`), then for
/// whoever connects to the socket in `listener` and says `start`. That connection takes the channel's place; one that
/// ends without a word is waited after as if it had never come.
struct AwaitStart {
  Slot listener = kNoSlot;
};
struct Signal {
  Tag tag{};
};

/// Sends the descriptor in `descriptor`, and the number in `value` if there is one, as Tag::kDescriptor.
struct SendDescriptor {
  Slot descriptor = kNoSlot;
  Slot value = kNoSlot;
};
/// `sender`: the pidfd of the one who sends it, where others hold the same end of the channel: that it ended would not
/// be heard otherwise.
struct ReceiveDescriptor {
  Slot descriptor = kNoSlot;
  Slot value = kNoSlot;
  Slot sender = kNoSlot;
};

inline constexpr std::size_t kMostHookWords = 1000;  ///< arguments and variables, which are listed on the stack

/// Runs a program with the container's state on its standard input, and waits for it: `timeout_s` at most (0: however
/// long it takes; it is killed then). The state is `before_pid`, the number in `pid` (the running process's own pid
/// where there is none) and `after_pid`; without `after_pid` it is the first alone. Anything but an exit status of 0
/// fails.
struct RunHook {
  Text path;
  Slot directory = kNoSlot;  ///< where it runs; none: where this process is
  Range arguments;
  Range environment;
  Text before_pid;
  Text after_pid;
  Slot pid = kNoSlot;
  std::uint32_t timeout_s = 0;
};

/// Asks systemd for a unit, or something of one: runs `program` (libexec/caisson/systemd), which gets the words of
/// `request` and, after them, the number in `pid` on its standard input, and waits for it. What it prints where it
/// fails is the failure's own words (Failure::said). `undo`: what is asked to take it back.
struct AskSystemd {
  Text program;
  Text unit;      ///< for people
  Range request;  ///< texts
  Range undo;     ///< texts
  Slot pid = kNoSlot;
};

// --- namespaces --------------------------------------------------------------------------------------------------

/// Opens a file of the host into a slot: a namespace file, /proc/PID/root, the `tasks` of a cgroup.
struct OpenFile {
  Text path;
  int flags = 0;
  Slot slot = kNoSlot;
};

/// setns(2) with the descriptor of a namespace file (one flag) or of a process (several flags, Linux 5.8).
struct JoinNamespace {
  std::uint64_t flags = 0;
  Slot descriptor = kNoSlot;
};

/// Joins v1 cgroups through their `tasks`: those that are open in slots `first` … `first`+`count`-1, or the files at
/// the paths of `tasks`, where the host can still be seen. A thread that moves itself through `tasks` spares the lock
/// of cgroup.procs, which waits for an RCU grace period: 10 to 20 ms (kernel commit 9a3284fad42f).
struct AttachCgroup {
  Slot first = kNoSlot;
  std::uint8_t count = 0;
  Range tasks;  ///< texts; none if there are slots
};

/// unshare(2) of `flags` (CLONE_NEW…); or, with `ahead`, the namespace in that slot is entered, which was made for it
/// before.
struct Unshare {
  std::uint64_t flags = 0;
  Slot ahead = kNoSlot;
};

struct BringUpLoopback {};

struct SetHostname {
  Text hostname;
  Text domainname;
};

// --- files -------------------------------------------------------------------------------------------------------

/// A detached tree: a copy of the mount at `source`, taken in the host's view (open_tree(2), OPEN_TREE_CLONE), or a new
/// file system of `type`. `propagation` (MS_…) is set at once, so that nothing mounted below it later shows on the
/// host.
struct OpenTree {
  Text source;
  Text type;
  Range options;          ///< texts "key=value" or "key", of a new file system
  std::uint64_t set = 0;  ///< MOUNT_ATTR_… of a new file system
  bool recursive = false;
  std::uint64_t propagation = 0;
  Slot slot = kNoSlot;
  Text below;              ///< what of the directory `source` is taken, resolved inside it (openat2(2)): containers
                           ///< write there
  Slot view = kNoSlot;     ///< a mount namespace in whose view `source` is; without: the caller's
  bool no_follow = false;  ///< a symbolic link at `source` is what is taken, not what it leads to
};

/// Sets the propagation of "/" in the child's own mount namespace (MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE,
/// perhaps with MS_REC).
struct SetPropagation {
  std::uint64_t flags = 0;
};

/// Puts the root filesystem in place at the host directory `at`: the tree in `tree`, or a new filesystem of `type`
/// with `options` (an overlay). The descriptor of its top goes to `root`: every path inside is resolved below it.
struct MountRoot {
  Slot tree = kNoSlot;
  Text type;
  Text options;  ///< as mount(2) takes them, comma-separated
  Text at;
  Slot root = kNoSlot;
};

/// The same with an overlay that is made from trees: for root of a user namespace, since their paths may lie where only
/// the host's root gets to; and where the paths of many layers are more than mount(2) takes. The trees are placed on
/// the old root for as long as it is made.
struct MountOverlayRoot {
  Slot first_layer = kNoSlot;  ///< trees, the topmost first, in slots `first_layer` … `first_layer`+`layers`-1
  std::uint16_t layers = 0;
  Slot writable = kNoSlot;  ///< the tree that holds the two directories
  Text upper;               ///< names below it
  Text work;
  Slot root = kNoSlot;
  bool is_volatile = false;     ///< need not be on the disk when it is unmounted
  bool user_attributes = true;  ///< its own attributes are user.overlay.*: trusted.* are for the host's root alone
};

/// What a mount may cover of a procfs, which tells programs and this one what the kernel does with them.
enum class OverProc : std::uint8_t {
  kNothing,  ///< a target that turns out to lie in one is refused
  kFile,     ///< one file of those that are known to be harmless (/proc/cpuinfo)
  kWhole,    ///< all of it, at /proc: by a procfs alone
};

/// Mounts the tree in `tree`, or a new filesystem of `type`, at `target` inside the root. A missing target is made: a
/// directory, or a file where the tree is one.
struct Mount {
  Slot root = kNoSlot;
  Slot tree = kNoSlot;
  Text type;
  Text source;
  Text target;
  Range options;            ///< texts "key=value" or "key", as fsconfig(2) takes them
  std::uint64_t set = 0;    ///< MOUNT_ATTR_… of this mount
  std::uint64_t clear = 0;  ///< MOUNT_ATTR_… taken off (a bind keeps its source's otherwise)
  std::uint64_t recursive_set = 0;
  std::uint64_t recursive_clear = 0;
  std::uint64_t propagation = 0;  ///< MS_…, 0: as it comes
  Text label;                     ///< the SELinux label its top gets where no option can say it (mqueue)
  OverProc over_proc = OverProc::kNothing;
  bool copy_up = false;    ///< begins with a copy of what the image has at `target`
  bool copy_link = false;  ///< a tree that is a symbolic link is made at `target` as such
  bool no_follow = false;  ///< a symbolic link at `target` is covered, not followed
};

/// Makes a device node, or a fifo, inside the root. `mode` has the type's bits (S_IFCHR …).
struct MakeDevice {
  Slot root = kNoSlot;
  Text path;
  std::uint32_t mode = 0;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Shows the host's device node `path` at the same path inside the root, once it is verified to be that device: where a
/// node may not be made.
struct BindDevice {
  Slot root = kNoSlot;
  Text path;
  std::uint32_t mode = 0;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};

/// Makes the symbolic link `path` → `target` inside the root; one that exists stays as it is.
struct MakeLink {
  Slot root = kNoSlot;
  Text path;
  Text target;
};

/// Makes the root the process's root, and lets go of the old one. `move`: where the old one cannot be pivoted away (an
/// initramfs), the root is moved onto it and entered by chroot(2), after every other whole procfs and sysfs has been
/// taken off or covered, which could be reached by who gets out of a chroot.
struct Pivot {
  Slot root = kNoSlot;
  bool move = false;
};

/// chroot(2) into the directory in `root`: for `enter`, whose target may have a root of its own in its mount namespace.
struct ChangeRoot {
  Slot root = kNoSlot;
};

/// Hides `path`: a file behind the tree in `null` (verified to be the null device), a directory behind the one in
/// `empty`. The first use attaches the tree, later ones attach copies of it. A path that is missing is left out.
struct Mask {
  Slot root = kNoSlot;
  Slot null = kNoSlot;
  Slot empty = kNoSlot;
  Text path;
};

/// Makes `path` read-only: the mount at it (`remount`), or a bind of it onto itself. A path that is missing is left
/// out.
struct MakeReadOnly {
  Slot root = kNoSlot;
  Text path;
  bool remount = false;
};

// --- process state -----------------------------------------------------------------------------------------------

enum class Attribute : std::uint8_t {
  kDeathSignal,  ///< value: the signal when the parent dies (PR_SET_PDEATHSIG)
  kNotDumpable,  ///< nobody inside may trace or look into this process before it executes (CVE-2016-9962)
  kNewSession,   ///< setsid(2)
  kKeyring,      ///< a session keyring (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING): the one called `name`, made if there
                 ///< is none; without a name a new one. value: its permissions (KEYCTL_SETPERM), 0: as they come
  kLimit,        ///< which: RLIMIT_…; value: soft; second: hard; of `pid`, if there is one (prlimit(2))
  kUmask,        ///< value
  kNoNewPrivileges,  ///< PR_SET_NO_NEW_PRIVS
  kIoPriority,       ///< which: IOPRIO_CLASS_…; value: the priority in it (ioprio_set(2))
  kPersonality,      ///< value (personality(2))
};

struct SetAttribute {
  Attribute attribute{};
  std::int32_t which = 0;
  std::int64_t value = 0;
  std::int64_t second = 0;
  Slot pid = kNoSlot;
  Text name;
};

/// What the process may run on (sched_setaffinity(2)): `processors` are bits in words of 32. None: all that there are
/// and that its cgroup has, whatever the caller was bound to; a refusal is let be then.
struct SetAffinity {
  Range processors;  ///< numbers
};

/// sched_setattr(2).
struct SetScheduler {
  std::uint32_t policy = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t flags = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

/// set_mempolicy(2): `nodes` are bits in words of 32.
struct SetMemoryPolicy {
  std::uint32_t mode = 0;
  std::uint32_t flags = 0;
  Range nodes;  ///< numbers
};

/// Which of a process's labels: of the program it executes (AppArmor's profile, SELinux's label), or of the keys that
/// it makes before.
enum class Label : std::uint8_t { kAppArmor, kSelinux, kSelinuxKeys };

/// Writes `value` to the process's own file for that label, in the host's procfs, which is open in `procfs`: what lies
/// at /proc in the root is the image's business (CVE-2019-16884). Neither links nor mounts in it are followed.
struct SetLabel {
  Label label{};
  Text value;
  Slot procfs = kNoSlot;
};

inline constexpr std::size_t kLongestHome = 4096;  ///< bytes, of what is taken from a file of users

/// Makes the directory that the container's /etc/passwd has for user `uid`, or "/", the value of HOME: the
/// `variable`-th of the program's environment.
struct FindHome {
  std::uint32_t uid = 0;
  std::uint16_t variable = 0;
};

/// Bounds what the process, and all it will start, may do with files (landlock(7), Linux 5.13): on each of `paths` and
/// what is below it the LANDLOCK_ACCESS_FS_… bits in `rights`, elsewhere nothing. Needs CAP_SYS_ADMIN, or that new
/// privileges are given up.
struct RestrictFiles {
  Range paths;   ///< texts: of the container's root
  Range rights;  ///< numbers, one a path
};

/// Standard input, output and error become the descriptors in the slots; `uid` is made their owner where that can be,
/// but of no device that others use. A null device of the host's among them becomes that of `root`.
struct ConnectStreams {
  Slot input = kNoSlot;
  Slot output = kNoSlot;
  Slot error = kNoSlot;
  Slot root = kNoSlot;
  std::uint32_t uid = 0;
};

/// Opens a terminal in the container's own devpts, makes it the controlling terminal and the standard streams, binds it
/// to /dev/console; its master goes to `master`. Every descriptor is verified (CVE-2025-52565).
struct Console {
  Slot root = kNoSlot;
  Slot master = kNoSlot;
  std::uint16_t height = 0;
  std::uint16_t width = 0;
  std::uint32_t uid = 0;
  bool bind_console = false;
  bool adds_returns = true;  ///< of every end of a line (ONLCR); false: its reader's own terminal will
};

/// Groups, group, user, and the five capability sets, in the order that keeps what is needed until the end.
struct SetIds {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Range groups;  ///< numbers
  bool set_groups = true;
  bool set_capabilities = true;
  std::uint64_t bounding = 0;
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t ambient = 0;
};

/// Changes into `path` and verifies that it lies inside the root (CVE-2024-21626). `make`: made if it is missing.
/// `first_try`: a refusal (EACCES) is left to the step of the same kind that follows once the user is the container's
/// own, and that has nothing to do where the first was let in.
struct ChangeDirectory {
  Text path;
  bool first_try = false;
  bool make = false;
};

/// Every descriptor from `from` up is closed when the program is executed (close_range(2), CLOSE_RANGE_CLOEXEC).
struct CloseDescriptors {
  std::uint32_t from = 3;
};

/// Puts the process, and all it will start, under a filter of system calls for good (seccomp(2)). Needs CAP_SYS_ADMIN,
/// or that new privileges are given up. `listener`: where what a rule notifies of can be heard.
struct LoadFilter {
  Range instructions;       ///< Plan::filter()
  std::uint32_t flags = 0;  ///< SECCOMP_FILTER_FLAG_…
  Slot listener = kNoSlot;
};

/// Sends the descriptor in `listener` to whoever listens at the socket `path`, with the state of the container's
/// process as JSON (runtime-spec config-linux.md "The Container Process State"): the texts of `state`, and the
/// process's number between each two of them.
struct SendListener {
  Text path;
  Range state;  ///< texts
  Slot pid = kNoSlot;
  Slot listener = kNoSlot;
};

/// Fails as Exec would where none of `candidates` can be executed: while the one who asks still waits for the answer.
struct FindProgram {
  Range candidates;  ///< texts
  Range arguments;   ///< texts: the first is what was asked for
};

/// Executes the first of `candidates` that can be. The report's descriptor closes by itself, or carries the failure.
struct Exec {
  Range candidates;  ///< texts: where the command may be, in the order of PATH
  Range arguments;   ///< texts
  Range environment;
};

using Action =
    std::variant<MakeCgroup, EnableControllers, RestrictDevices, GiveCgroup, MakeMountSource, WriteFile, MapIds,
                 IdMapTree, MakeUserNamespace, MoveNetworkDevice, JoinResctrlGroup, Spawn, Await, AwaitStart, Signal,
                 SendDescriptor, ReceiveDescriptor, RunHook, AskSystemd, OpenFile, JoinNamespace, AttachCgroup, Unshare,
                 MakeTimeNamespace, BringUpLoopback, SetHostname, OpenTree, SetPropagation, MountRoot, MountOverlayRoot,
                 Mount, MakeDevice, BindDevice, MakeLink, Pivot, ChangeRoot, Mask, MakeReadOnly, SetAttribute,
                 SetAffinity, SetScheduler, SetMemoryPolicy, SetLabel, FindHome, RestrictFiles, ConnectStreams, Console,
                 SetIds, ChangeDirectory, CloseDescriptors, LoadFilter, SendListener, FindProgram, Exec>;

/// How a host-visible step is taken back after a later one failed; in reverse order.
enum class Undo : std::uint8_t {
  kNone,    ///< visible to nobody but the container's own processes: goes with them
  kRemove,  ///< what was made is removed
  kKill,    ///< the process is killed and reaped
  kInside,  ///< goes with what an earlier step made and will remove (a limit inside the cgroup)
  kStays,   ///< nothing is taken back: others may rely on it by then
};

inline constexpr std::uint16_t kNoFallback = 0xffff;

/// One item of the configuration, and what is done about it.
struct Step {
  Action action;
  Text item;    ///< "mounts[2]", "process.capabilities"; an option where the engine made the config ("--memory")
  Text reason;  ///< why it is there, for people
  Undo undo = Undo::kNone;
  std::uint16_t fallback = kNoFallback;  ///< index into Plan::fallbacks
};

/// The second alternative of a step: taken when the first fails with one of `errnos`, and means the same to the user.
struct Fallback {
  Action action;
  std::int16_t errnos[4] = {0, 0, 0, 0};
};

static_assert(std::is_trivially_copyable_v<Step> && std::is_trivially_copyable_v<Fallback>);

}  // namespace caisson::plan
