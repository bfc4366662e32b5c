// One step in words, and the names of flags.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <functional>

#include "explain/names.h"
#include "explain/words.h"

namespace caisson::explain {
namespace {

using plan::Plan;

constexpr std::uint64_t kRecursive = 1U << 14;
constexpr std::uint64_t kPrivate = 1U << 18;

struct WordsCase {
  std::string name;
  std::function<plan::Action(Plan&)> action;
  std::string words;
};

void PrintTo(const WordsCase& c, std::ostream* out) { *out << c.name; }

class WordsTest : public testing::TestWithParam<WordsCase> {};

TEST_P(WordsTest, NamesWhatTheStepDoes) {
  Plan plan;
  EXPECT_EQ(describe(plan, GetParam().action(plan)), GetParam().words);
}

plan::Range list(Plan& plan, const std::vector<std::string>& texts) { return plan.add(texts); }

const std::vector<WordsCase> kWordsCases = {
    {"MakeCgroup",
     [](Plan& p) -> plan::Action {
       return plan::MakeCgroup{.directories = list(p, {"/sys/fs/cgroup/cpu/c/1", "/sys/fs/cgroup/cpuset/c/1"}),
                               .first = p.new_slot("cpu")};
     },
     "make the cgroups /sys/fs/cgroup/{cpu,cpuset}/c/1 and open tasks in each"},
    {"EnableControllers",
     [](Plan& p) -> plan::Action {
       return plan::EnableControllers{.directory = p.add("/sys/fs/cgroup"),
                                      .controllers = p.add("+memory +pids"),
                                      .leaf = p.add("/sys/fs/cgroup/others")};
     },
     "enable +memory +pids for the cgroups below /sys/fs/cgroup, whose own processes move to /sys/fs/cgroup/others"},
    {"RestrictDevices",
     [](Plan& p) -> plan::Action {
       const plan::Slot first = p.new_slot("/sys/fs/cgroup/a");
       p.append(plan::Lane::kParent, "", "",
                plan::MakeCgroup{.directories = list(p, {"/sys/fs/cgroup/a"}), .first = first, .unified = true});
       return plan::RestrictDevices{.cgroup = first,
                                    .program = p.add(std::vector<std::uint32_t>(6)),
                                    .rules = list(p, {"deny all", "allow c 1:3 rwm"})};
     },
     "restrict the devices of /sys/fs/cgroup/a by a program of 3 instructions: deny all, allow c 1:3 rwm"},
    {"GiveCgroup",
     [](Plan& p) -> plan::Action {
       const plan::Slot first = p.new_slot("/sys/fs/cgroup/a");
       p.append(plan::Lane::kParent, "", "",
                plan::MakeCgroup{.directories = list(p, {"/sys/fs/cgroup/a"}), .first = first, .unified = true});
       return plan::GiveCgroup{.cgroup = first, .files = list(p, {"cgroup.procs", "cgroup.threads"}), .owner = 100000};
     },
     "give /sys/fs/cgroup/a to uid 100000, with cgroup.procs, cgroup.threads"},
    {"SpawnThatJoins",
     [](Plan& p) -> plan::Action {
       return plan::Spawn{.pid = p.new_slot("pid"), .cgroup = p.new_slot("/sys/fs/cgroup/a"), .joins = true};
     },
     "clone, which joins the cgroup of slot /sys/fs/cgroup/a → slot pid"},
    {"MakeMountSource",
     [](Plan& p) -> plan::Action {
       return plan::MakeMountSource{.path = p.add("/run/c/hosts"), .content = p.add("127.0.0.1 localhost\n")};
     },
     "make the file /run/c/hosts"},
    {"MakeMountSourceDirectory",
     [](Plan& p) -> plan::Action { return plan::MakeMountSource{.path = p.add("/run/c/upper"), .directory = true}; },
     "make the directory /run/c/upper"},
    {"WriteFile",
     [](Plan& p) -> plan::Action {
       return plan::WriteFile{.path = p.add("/sys/fs/cgroup/pids/x/pids.max"), .value = p.add("100\n")};
     },
     "write \"100\" to /sys/fs/cgroup/pids/x/pids.max"},
    {"WriteFileBelow",
     [](Plan& p) -> plan::Action {
       return plan::WriteFile{.path = p.add("sys/kernel/msgmax"), .value = p.add("1"), .directory = p.new_slot("proc")};
     },
     "write \"1\" to sys/kernel/msgmax below slot proc"},
    {"MapIds",
     [](Plan& p) -> plan::Action {
       return plan::MapIds{.pid = p.new_slot("pid"),
                           .uid_map = p.add("0 100000 65536\n"),
                           .gid_map = p.add("0 1000 1\n1 100000 10\n"),
                           .deny_setgroups = true};
     },
     "map the container's users and groups to the host's (users 0 → 100000 (65536); groups 0 → 1000 (1), 1 → 100000 "
     "(10); setgroups denied)"},
    {"MapIdsByPrograms",
     [](Plan& p) -> plan::Action {
       return plan::MapIds{.pid = p.new_slot("pid"),
                           .uid_map = p.add("0 1000 1\n"),
                           .gid_map = p.add("0 1000 1\n"),
                           .uid_program = p.add("/usr/bin/newuidmap"),
                           .gid_program = p.add("/usr/bin/newgidmap")};
     },
     "map the container's users and groups to the host's (users 0 → 1000 (1); groups 0 → 1000 (1); by newuidmap and "
     "newgidmap)"},
    {"IdMapTree",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("tree");
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/layers/1"), .slot = slot});
       return plan::IdMapTree{.tree = slot, .pid = p.new_slot("pid")};
     },
     "show the files of /layers/1 with the container's owners"},
    {"MountOverlayRoot",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("tree");
       const plan::Slot own = p.new_slot("own");
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/layers/1"), .slot = slot});
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/c/1"), .slot = own});
       return plan::MountOverlayRoot{.first_layer = slot,
                                     .layers = 1,
                                     .writable = own,
                                     .upper = p.add("upper"),
                                     .work = p.add("work"),
                                     .root = p.new_slot("root"),
                                     .is_volatile = true};
     },
     "mount overlay as the root filesystem "
     "(userxattr,volatile,lowerdir=/layers/1,upperdir=/c/1/upper,workdir=/c/1/work) → slot root"},
    {"OverlayOfRoots",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("tree");
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/layers/1"), .slot = slot});
       return plan::MountOverlayRoot{.first_layer = slot,
                                     .layers = 1,
                                     .writable = slot,
                                     .upper = p.add("upper"),
                                     .work = p.add("work"),
                                     .user_attributes = false};
     },
     "mount overlay as the root filesystem "
     "(lowerdir=/layers/1,upperdir=/layers/1/upper,workdir=/layers/1/work)"},
    {"Spawn",
     [](Plan& p) -> plan::Action {
       return plan::Spawn{.flags = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID,
                          .pid = p.new_slot("pid")};
     },
     "clone with new pid, mount, network, uts, ipc namespaces → slot pid"},
    {"SpawnLauncher",
     [](Plan& p) -> plan::Action {
       return plan::Spawn{.lane = plan::Lane::kLauncher, .pid = p.new_slot("pid of the launcher")};
     },
     "clone the launcher → slot 'pid of the launcher'"},
    {"SpawnIntoCgroup",
     [](Plan& p) -> plan::Action {
       return plan::Spawn{.flags = CLONE_NEWUSER, .pid = p.new_slot("pid"), .cgroup = p.new_slot("cgroup")};
     },
     "clone with new user namespace, born in the cgroup of slot cgroup → slot pid"},
    {"AwaitStart", [](Plan& p) -> plan::Action { return plan::AwaitStart{p.give_slot("socket")}; },
     "wait to be started, by whoever connects to slot socket"},
    {"FindProgram",
     [](Plan& p) -> plan::Action {
       return plan::FindProgram{.candidates = p.add(std::vector<std::string>{"/bin/sh", "/usr/bin/sh"}),
                                .arguments = p.add(std::vector<std::string>{"sh", "-c"})};
     },
     "look whether sh can be executed (looked for as /bin/sh, /usr/bin/sh)"},
    {"Await", [](Plan&) -> plan::Action { return plan::Await{plan::Tag::kPrepared}; }, "wait for 'prepared'"},
    {"Signal", [](Plan&) -> plan::Action { return plan::Signal{plan::Tag::kReady}; }, "say 'ready'"},
    {"SendDescriptor",
     [](Plan& p) -> plan::Action {
       return plan::SendDescriptor{.descriptor = p.new_slot("pidfd"), .value = p.new_slot("pid")};
     },
     "send slot pidfd with the number in slot pid"},
    {"ReceiveDescriptor",
     [](Plan& p) -> plan::Action { return plan::ReceiveDescriptor{.descriptor = p.new_slot("pidfd")}; },
     "receive a descriptor → slot pidfd"},
    {"RunHook",
     [](Plan& p) -> plan::Action {
       return plan::RunHook{.path = p.add("/usr/bin/hook"),
                            .arguments = p.add(std::vector<std::string>{"hook", "a b"}),
                            .environment = p.add(std::vector<std::string>{"A=b"}),
                            .timeout_s = 5};
     },
     "run the hook /usr/bin/hook as hook 'a b' (environment: 1 variable; killed after 5 s)"},
    {"AskSystemd",
     [](Plan& p) -> plan::Action {
       return plan::AskSystemd{
           .program = p.add("/p"),
           .unit = p.add("a-b.scope"),
           .request = list(p, {"start", "a-b.scope", "/a-b.scope", "TasksMax", "t", "5", "PIDs", "au", "1"}),
           .pid = p.new_slot("pid")};
     },
     "have systemd start a-b.scope for the process of slot pid: TasksMax t 5 PIDs au 1"},
    {"AskSystemdToAttach",
     [](Plan& p) -> plan::Action {
       return plan::AskSystemd{
           .unit = p.add("a-b.scope"), .request = list(p, {"attach", "a-b.scope", ""}), .pid = p.new_slot("pid")};
     },
     "have systemd take the process of slot pid into a-b.scope"},
    {"OpenFile",
     [](Plan& p) -> plan::Action {
       return plan::OpenFile{.path = p.add("/proc/7/root"), .flags = O_PATH | O_DIRECTORY, .slot = p.new_slot("root")};
     },
     "open /proc/7/root (O_DIRECTORY|O_PATH) → slot root"},
    {"JoinNamespace",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("net");
       p.append(plan::Lane::kParent, "", "", plan::OpenFile{.path = p.add("/run/netns/a"), .slot = slot});
       return plan::JoinNamespace{.flags = CLONE_NEWNET, .descriptor = slot};
     },
     "join the network namespace of /run/netns/a"},
    {"JoinNamespacesOfAProcess",
     [](Plan& p) -> plan::Action {
       return plan::JoinNamespace{.flags = CLONE_NEWNET | CLONE_NEWPID, .descriptor = p.give_slot("pidfd")};
     },
     "join the pid, network namespaces of slot pidfd"},
    {"AttachCgroup",
     [](Plan& p) -> plan::Action {
       const plan::Slot first = p.new_slot("a");
       p.new_slot("b");
       p.append(plan::Lane::kParent, "", "",
                plan::MakeCgroup{.directories = list(p, {"/cg/a/1", "/cg/b/1"}), .first = first});
       return plan::AttachCgroup{.first = first, .count = 2};
     },
     "join the cgroups /cg/{a,b}/1"},
    {"Unshare", [](Plan&) -> plan::Action { return plan::Unshare{CLONE_NEWCGROUP}; }, "unshare the cgroup namespace"},
    {"BringUpLoopback", [](Plan&) -> plan::Action { return plan::BringUpLoopback{}; }, "bring the loopback device up"},
    {"SetHostname",
     [](Plan& p) -> plan::Action {
       return plan::SetHostname{.hostname = p.add("web-1"), .domainname = p.add("example")};
     },
     "set the hostname to web-1 and the domain name to example"},
    {"OpenTree",
     [](Plan& p) -> plan::Action {
       return plan::OpenTree{.source = p.add("/srv/data"),
                             .recursive = true,
                             .propagation = kPrivate | kRecursive,
                             .slot = p.new_slot("data")};
     },
     "take a detached copy of /srv/data with the mounts below it (rprivate) → slot data"},
    {"OpenTreeInTheViewOfAnother",
     [](Plan& p) -> plan::Action {
       const plan::Slot view = p.new_slot("view");
       p.append(plan::Lane::kParent, "", "", plan::OpenFile{.path = p.add("/proc/7/ns/mnt"), .slot = view});
       return plan::OpenTree{.source = p.add("/srv"), .slot = p.new_slot("data"), .view = view};
     },
     "take a detached copy of /srv as seen from /proc/7/ns/mnt → slot data"},
    {"OpenTreeOfANewFileSystem",
     [](Plan& p) -> plan::Action {
       return plan::OpenTree{.type = p.add("tmpfs"),
                             .options = list(p, {"nr_inodes=2"}),
                             .set = MOUNT_ATTR_RDONLY,
                             .slot = p.new_slot("empty")};
     },
     "make a detached tmpfs (ro; nr_inodes=2) → slot empty"},
    {"SetPropagation", [](Plan&) -> plan::Action { return plan::SetPropagation{kPrivate | kRecursive}; },
     "make the propagation of / rprivate"},
    {"MountRootTree",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("tree");
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/srv/rootfs"), .slot = slot});
       return plan::MountRoot{.tree = slot, .at = p.add("/run/root"), .root = p.new_slot("root")};
     },
     "place /srv/rootfs as the root filesystem at /run/root → slot root"},
    {"MountRootOverlay",
     [](Plan& p) -> plan::Action {
       return plan::MountRoot{.type = p.add("overlay"),
                              .options = p.add("lowerdir=/l,upperdir=/u,workdir=/w"),
                              .at = p.add("/m"),
                              .root = p.new_slot("root")};
     },
     "mount overlay as the root filesystem at /m (lowerdir=/l,upperdir=/u,workdir=/w) → slot root"},
    {"Mount",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.type = p.add("devpts"),
                          .source = p.add("devpts"),
                          .target = p.add("/dev/pts"),
                          .options = list(p, {"newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
                          .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
     },
     "mount devpts at /dev/pts (nosuid, noexec; newinstance, ptmxmode=0666, mode=0620, gid=5)"},
    {"MountBind",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("tree");
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/srv/data"), .slot = slot});
       return plan::Mount{.tree = slot,
                          .target = p.add("/data"),
                          .set = MOUNT_ATTR_NOSUID,
                          .clear = MOUNT_ATTR_NOEXEC,
                          .recursive_set = MOUNT_ATTR_RDONLY,
                          .propagation = kPrivate};
     },
     "bind /srv/data at /data (nosuid, exec, rro, private)"},
    {"MakeDevice",
     [](Plan& p) -> plan::Action {
       return plan::MakeDevice{.path = p.add("/dev/null"), .mode = S_IFCHR | 0666, .major = 1, .minor = 3};
     },
     "make the character device 1:3 /dev/null (mode 0666, owner 0:0)"},
    {"MakeFifo",
     [](Plan& p) -> plan::Action {
       return plan::MakeDevice{.path = p.add("/dev/f"), .mode = S_IFIFO | 0600, .uid = 5};
     },
     "make the fifo /dev/f (mode 0600, owner 5:0)"},
    {"BindDevice",
     [](Plan& p) -> plan::Action {
       return plan::BindDevice{.path = p.add("/dev/null"), .mode = S_IFCHR | 0666, .major = 1, .minor = 3};
     },
     "bind the host's character device 1:3 /dev/null"},
    {"MakeUserNamespace",
     [](Plan& p) -> plan::Action {
       return plan::MakeUserNamespace{
           .uid_map = p.add("0 5 1\n"), .gid_map = p.add("0 6 1\n"), .slot = p.new_slot("owners")};
     },
     "make a user namespace that nobody lives in (users 0 → 5 (1); groups 0 → 6 (1)) → slot owners"},
    {"MoveNetworkDevice",
     [](Plan& p) -> plan::Action {
       return plan::MoveNetworkDevice{.name = p.add("eth7"), .new_name = p.add("eth%d"), .pid = p.new_slot("pid")};
     },
     "move the network device eth7 into the container as eth%d, with its addresses"},
    {"JoinResctrlGroup",
     [](Plan& p) -> plan::Action {
       return plan::JoinResctrlGroup{.directory = p.add("/sys/fs/resctrl/box"),
                                     .schemata = list(p, {"L3:0=f\n", "MB:0=10\n"}),
                                     .pid = p.new_slot("pid"),
                                     .may_make = true};
     },
     "put the process into the resctrl group /sys/fs/resctrl/box (made if it is missing; L3:0=f MB:0=10)"},
    {"MountThatCopies",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.type = p.add("tmpfs"), .target = p.add("/run"), .label = p.add("a:b"), .copy_up = true};
     },
     "mount tmpfs at /run (labelled a:b, begun with what the image has there)"},
    {"BindOfALink",
     [](Plan& p) -> plan::Action {
       const plan::Slot slot = p.new_slot("tree");
       p.append(plan::Lane::kParent, "", "", plan::OpenTree{.source = p.add("/l"), .slot = slot, .no_follow = true});
       return plan::Mount{.tree = slot, .target = p.add("/x"), .copy_link = true, .no_follow = true};
     },
     "bind /l at /x (a link is made again, not following a link)"},
    {"OpenTreeOfALink",
     [](Plan& p) -> plan::Action {
       return plan::OpenTree{.source = p.add("/l"), .slot = p.new_slot("tree"), .no_follow = true};
     },
     "take a detached copy of /l, not following a link → slot tree"},
    {"PivotByMoving", [](Plan& p) -> plan::Action { return plan::Pivot{.root = p.new_slot("root"), .move = true}; },
     "move the root filesystem onto the old root and chroot into it, after other mounts of procfs and sysfs have been "
     "taken off or covered"},
    {"MakeLink",
     [](Plan& p) -> plan::Action { return plan::MakeLink{.path = p.add("/dev/fd"), .target = p.add("/proc/self/fd")}; },
     "link /dev/fd → /proc/self/fd"},
    {"Pivot", [](Plan& p) -> plan::Action { return plan::Pivot{p.new_slot("root")}; },
     "make the root filesystem the root (pivot_root), let go of the old one"},
    {"ChangeRoot", [](Plan& p) -> plan::Action { return plan::ChangeRoot{p.new_slot("root")}; }, "chroot to slot root"},
    {"Mask", [](Plan& p) -> plan::Action { return plan::Mask{.path = p.add("/proc/kcore")}; }, "hide /proc/kcore"},
    {"MakeReadOnly", [](Plan& p) -> plan::Action { return plan::MakeReadOnly{.path = p.add("/proc/sys")}; },
     "make /proc/sys read-only (a bind of it onto itself)"},
    {"MakeReadOnlyRemount",
     [](Plan& p) -> plan::Action { return plan::MakeReadOnly{.path = p.add("/"), .remount = true}; },
     "make / read-only (the mount that is there)"},
    {"DeathSignal",
     [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kDeathSignal, .value = 9}; },
     "ask for SIGKILL when the parent dies"},
    {"NotDumpable",
     [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kNotDumpable}; },
     "forbid others to trace this process before it executes"},
    {"NewSession", [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kNewSession}; },
     "start a session of its own"},
    {"Keyring", [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kKeyring}; },
     "join a session keyring of its own"},
    {"Limit",
     [](Plan&) -> plan::Action {
       return plan::SetAttribute{
           .attribute = plan::Attribute::kLimit, .which = RLIMIT_NOFILE, .value = 1024, .second = -1};
     },
     "set RLIMIT_NOFILE to 1024 (hard limit unlimited)"},
    {"Umask",
     [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kUmask, .value = 022}; },
     "set the umask to 0022"},
    {"NoNewPrivileges",
     [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kNoNewPrivileges}; },
     "give up new privileges for good (no_new_privs)"},
    {"MakeTimeNamespace",
     [](Plan& p) -> plan::Action {
       return plan::MakeTimeNamespace{.offsets = p.add("boottime 86400 5\nmonotonic -1 0\n")};
     },
     "make a time namespace and enter it (ahead of the host: boottime 86400 s and 5 ns, monotonic -1 s)"},
    {"MakeTimeNamespaceWithoutOffsets", [](Plan&) -> plan::Action { return plan::MakeTimeNamespace{}; },
     "make a time namespace and enter it"},
    {"KeyringWithAName",
     [](Plan& p) -> plan::Action {
       return plan::SetAttribute{.attribute = plan::Attribute::kKeyring, .name = p.add("_ses.box")};
     },
     "join the session keyring _ses.box"},
    {"IoPriority",
     [](Plan&) -> plan::Action {
       return plan::SetAttribute{.attribute = plan::Attribute::kIoPriority, .which = 2, .value = 4};
     },
     "do input and output with IOPRIO_CLASS_BE, priority 4"},
    {"Personality",
     [](Plan&) -> plan::Action { return plan::SetAttribute{.attribute = plan::Attribute::kPersonality, .value = 8}; },
     "take the personality LINUX32"},
    {"SetAffinity",
     [](Plan& p) -> plan::Action {
       return plan::SetAffinity{.processors = p.add(std::vector<std::uint32_t>{0x8000000b, 1})};
     },
     "run on the processors 0-1,3,31-32"},
    {"SetAffinityToAll", [](Plan&) -> plan::Action { return plan::SetAffinity{}; },
     "run on every processor that the cgroup has"},
    {"SetScheduler", [](Plan&) -> plan::Action { return plan::SetScheduler{.policy = 3, .nice = -5, .flags = 0x101}; },
     "be scheduled by SCHED_BATCH (nice -5; SCHED_FLAG_RESET_ON_FORK|0x100)"},
    {"SetSchedulerDeadline",
     [](Plan&) -> plan::Action { return plan::SetScheduler{.policy = 6, .runtime = 1, .deadline = 2, .period = 3}; },
     "be scheduled by SCHED_DEADLINE (1 ns within 2 of each 3)"},
    {"SetMemoryPolicy",
     [](Plan& p) -> plan::Action {
       return plan::SetMemoryPolicy{.mode = 3, .flags = 1U << 15, .nodes = p.add(std::vector<std::uint32_t>{3})};
     },
     "take memory by MPOL_INTERLEAVE (nodes 0-1; MPOL_F_STATIC_NODES)"},
    {"SetLabel",
     [](Plan& p) -> plan::Action {
       return plan::SetLabel{
           .label = plan::Label::kAppArmor, .value = p.add("exec mine"), .procfs = p.new_slot("procfs")};
     },
     "have the program executed with AppArmor's profile mine (through slot procfs)"},
    {"SetLabelOfSelinux",
     [](Plan& p) -> plan::Action {
       return plan::SetLabel{.label = plan::Label::kSelinux, .value = p.add("a:b:c"), .procfs = p.new_slot("procfs")};
     },
     "have the program executed with SELinux's label a:b:c (through slot procfs)"},
    {"SetLabelOfKeys",
     [](Plan& p) -> plan::Action {
       return plan::SetLabel{.label = plan::Label::kSelinuxKeys, .value = p.add("a:b:c")};
     },
     "label keys that are made with a:b:c"},
    {"FindHome", [](Plan&) -> plan::Action { return plan::FindHome{.uid = 7}; },
     "set HOME to where the container's /etc/passwd has user 7, or to /"},
    {"RestrictFiles",
     [](Plan& p) -> plan::Action {
       return plan::RestrictFiles{.paths = list(p, {"/etc", "/usr"}),
                                  .rights = p.add(std::vector<std::uint32_t>{0xc, 0xd})};
     },
     "restrict the files within reach to /etc: read; /usr: read, execute"},
    {"RestrictFilesToNone", [](Plan&) -> plan::Action { return plan::RestrictFiles{}; },
     "restrict the files within reach to none"},
    {"ConnectStreams", [](Plan&) -> plan::Action { return plan::ConnectStreams{.uid = 5}; },
     "connect standard input, output and error (owner 5)"},
    {"Console",
     [](Plan& p) -> plan::Action {
       return plan::Console{.master = p.new_slot("terminal"), .height = 24, .width = 80, .bind_console = true};
     },
     "open a terminal in the container's own devpts (24 rows, 80 columns, bound to /dev/console) → slot terminal"},
    {"SetIdsRoot",
     [](Plan&) -> plan::Action { return plan::SetIds{.bounding = 0x401, .effective = 0x401, .permitted = 0x401}; },
     "become user 0, group 0; keep 2 capabilities: chown, net_bind_service"},
    {"SetIdsUser",
     [](Plan& p) -> plan::Action {
       return plan::SetIds{.uid = 1000,
                           .gid = 100,
                           .groups = p.add(std::vector<std::uint32_t>{4, 20}),
                           .bounding = 0x401,
                           .inheritable = 0x400,
                           .ambient = 0x400};
     },
     "become user 1000, group 100, groups 4, 20; keep 2 capabilities: chown, net_bind_service; effective: none; "
     "permitted: none; "
     "inheritable: net_bind_service; ambient: net_bind_service"},
    {"SetIdsWithoutCapabilities", [](Plan&) -> plan::Action { return plan::SetIds{.set_capabilities = false}; },
     "become user 0, group 0"},
    {"SetIdsNoCapability", [](Plan&) -> plan::Action { return plan::SetIds{}; },
     "become user 0, group 0; keep no capability"},
    {"ChangeDirectory",
     [](Plan& p) -> plan::Action {
       return plan::ChangeDirectory{.path = p.add("/srv"), .first_try = true, .make = true};
     },
     "change to the directory /srv, made if it is missing"},
    {"CloseDescriptors", [](Plan&) -> plan::Action { return plan::CloseDescriptors{.from = 4}; },
     "close descriptors from 4 up when the program is executed"},
    {"LoadFilter",
     [](Plan& p) -> plan::Action {
       return plan::LoadFilter{
           .instructions = p.add(std::vector<struct sock_filter>(2)), .flags = 4, .listener = p.new_slot("listener")};
     },
     "load the filter of system calls (2 instructions; SECCOMP_FILTER_FLAG_SPEC_ALLOW) → slot listener"},
    {"LoadFilterWithoutFlags", [](Plan&) -> plan::Action { return plan::LoadFilter{}; },
     "load the filter of system calls (0 instructions)"},
    {"SendListener", [](Plan& p) -> plan::Action { return plan::SendListener{.path = p.add("/run/agent")}; },
     "send the filter's listener to /run/agent"},
    {"Exec",
     [](Plan& p) -> plan::Action {
       return plan::Exec{.candidates = list(p, {"/usr/bin/sh", "/usr/sbin/sh"}),
                         .arguments = list(p, {"sh", "-c", "echo a"}),
                         .environment = list(p, {"A=1"})};
     },
     "execute sh -c 'echo a' (environment: 1 variable; looked for as /usr/{bin,sbin}/sh)"},
};

INSTANTIATE_TEST_SUITE_P(Steps, WordsTest, testing::ValuesIn(kWordsCases),
                         [](const auto& one) { return one.param.name; });

TEST(Words, HaveACaseForEveryKindOfStep) {
  std::vector<bool> seen(std::variant_size_v<plan::Action>);
  for (const WordsCase& c : kWordsCases) {
    Plan plan;
    seen[c.action(plan).index()] = true;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "kind " << i;
}

TEST(Words, BriefLeaveTheOptionsOut) {
  Plan plan;
  const plan::Mount mount{
      .type = plan.add("tmpfs"), .target = plan.add("/dev"), .options = plan.add(std::vector<std::string>{"mode=755"})};
  EXPECT_EQ(describe_briefly(plan, mount), "mount tmpfs at /dev");
}

TEST(Braces, AreOfWholeComponents) {
  EXPECT_EQ(braces({}), "");
  EXPECT_EQ(braces({"/a/b"}), "/a/b");
  EXPECT_EQ(braces({"/a/b/c", "/a/d/c"}), "/a/{b,d}/c");
  EXPECT_EQ(braces({"/a/cpu/x", "/a/cpuset/x"}), "/a/{cpu,cpuset}/x");
  EXPECT_EQ(braces({"/usr/bin/sh", "/bin/sh"}), "/usr/bin/sh, /bin/sh");
  EXPECT_EQ(braces({"/a/a", "/a"}), "/a/a, /a");
  EXPECT_EQ(braces({"x", "y"}), "x, y");
}

TEST(Names, AreTheKernels) {
  EXPECT_EQ(clone_flag_names(CLONE_NEWNS | CLONE_NEWPID), "CLONE_NEWPID|CLONE_NEWNS");
  EXPECT_EQ(clone_flag_names(0), "0");
  EXPECT_EQ(mount_attribute_names(MOUNT_ATTR_RDONLY | 0x40000000), "MOUNT_ATTR_RDONLY|0x40000000");
  EXPECT_EQ(propagation_names(kRecursive | kPrivate), "MS_REC|MS_PRIVATE");
  EXPECT_EQ(open_flag_names(O_RDONLY), "O_RDONLY");
  EXPECT_EQ(open_flag_names(O_WRONLY | O_CLOEXEC), "O_WRONLY|O_CLOEXEC");
  EXPECT_EQ(limit_name(RLIMIT_NPROC), "RLIMIT_NPROC");
  EXPECT_EQ(limit_name(99), "RLIMIT_99");
  EXPECT_EQ(limit_value(RLIM_INFINITY), "unlimited");
  EXPECT_EQ(errno_name(2), "ENOENT");
  EXPECT_EQ(errno_name(4711), "errno 4711");
  EXPECT_EQ(kind_name(plan::Exec{}), "Exec");
}

}  // namespace
}  // namespace caisson::explain
