// The script that makes a plan's container: its lines for hand-made steps. test/system runs whole scripts.
#include "explain/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>

#include "explain/shell_steps.h"

namespace caisson::explain {
namespace {

using plan::Lane;
using plan::Plan;
using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;

constexpr std::uint64_t kSlave = 1U << 19;
constexpr std::uint64_t kRecursive = 1U << 14;

plan::Slot tree(Plan& plan, const std::string& source, bool recursive = false, std::uint64_t propagation = 0) {
  const plan::Slot slot = plan.new_slot("tree of " + source);
  plan.append(
      Lane::kParent, "", "",
      plan::OpenTree{.source = plan.add(source), .recursive = recursive, .propagation = propagation, .slot = slot});
  return slot;
}

struct CommandCase {
  std::string name;
  std::function<plan::Action(Plan&)> action;
  std::string commands;
};
void PrintTo(const CommandCase& c, std::ostream* out) { *out << c.name; }

class CommandTest : public testing::TestWithParam<CommandCase> {};

TEST_P(CommandTest, DoesWhatTheStepDoes) {
  Plan plan;
  EXPECT_EQ(shell_commands(plan, GetParam().action(plan)), GetParam().commands);
}

const std::vector<CommandCase> kCommands = {
    {"MakeMountSourceDirectory",
     [](Plan& p) -> plan::Action { return plan::MakeMountSource{.path = p.add("/run/c/upper"), .directory = true}; },
     "make_directory /run/c/upper\n"},
    {"MakeMountSource",
     [](Plan& p) -> plan::Action {
       return plan::MakeMountSource{.path = p.add("/run/c/hosts"), .content = p.add("a b\n")};
     },
     "make_file /run/c/hosts 'a b\n'\n"},
    {"WriteFile",
     [](Plan& p) -> plan::Action { return plan::WriteFile{.path = p.add("/proc/sys/a b"), .value = p.add("1 2\n")}; },
     "echo '1 2' >'/proc/sys/a b'\n"},
    {"WriteWhatEchoTakesForItself",
     [](Plan& p) -> plan::Action { return plan::WriteFile{.path = p.add("/x"), .value = p.add("-n")}; },
     "printf '%s\\n' -n >/x\n"},
    {"NewMount",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.type = p.add("devpts"),
                          .target = p.add("/dev/pts"),
                          .options = p.add(Texts{"gid=5"}),
                          .set = MOUNT_ATTR_NOSUID};
     },
     "directory $root/dev/pts\nmount -t devpts -o nosuid,gid=5 devpts $root/dev/pts\n"},
    {"NewMountReadOnly",
     [](Plan& p) -> plan::Action {
       return plan::Mount{
           .type = p.add("sysfs"), .source = p.add("s"), .target = p.add("/sys"), .set = MOUNT_ATTR_RDONLY};
     },
     "directory $root/sys\nmount -t sysfs s $root/sys\nmount -o remount,bind,ro $root/sys\n"},
    {"TmpfsHasTheModeOfWhatItCovers",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.type = p.add("tmpfs"), .target = p.add("/t"), .options = p.add(Texts{"size=1m"})};
     },
     "mode=$(stat -c %a $root/t 2>/dev/null || echo 1777)\ndirectory $root/t\nmount -t tmpfs -o size=1m,mode=\"$mode\" "
     "tmpfs $root/t\n"},
    {"Bind",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.tree = tree(p, "/srv/a b", true, kSlave | kRecursive),
                          .target = p.add("/it's"),
                          .set = MOUNT_ATTR_RDONLY,
                          .clear = MOUNT_ATTR_NOEXEC};
     },
     "like '/srv/a b' $root'/it'\\''s'\nmount --rbind '/srv/a b' $root'/it'\\''s'\nmount --make-rslave "
     "$root'/it'\\''s'\n"
     "mount -o remount,bind,ro,exec $root'/it'\\''s'\n"},
    {"BindRecursivelyReadOnly",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.tree = tree(p, "/a"), .target = p.add("/b"), .recursive_set = MOUNT_ATTR_RDONLY};
     },
     "like /a $root/b\nmount --bind /a $root/b\n"
     "findmnt -Rnlo TARGET $root/b | while read -r each; do mount -o remount,bind,ro \"$each\"; done\n"},
    {"Overlay",
     [](Plan& p) -> plan::Action {
       return plan::MountRoot{.type = p.add("overlay"), .options = p.add("lowerdir=/l"), .at = p.add("/m")};
     },
     "mount -t overlay -o lowerdir=/l overlay $root\n"},
    {"Device",
     [](Plan& p) -> plan::Action {
       return plan::MakeDevice{.path = p.add("/dev/null"), .mode = S_IFCHR | 0666, .major = 1, .minor = 3, .gid = 7};
     },
     "[ -e $root/dev/null ] || mknod -m 0666 $root/dev/null c 1 3\nchown 0:7 $root/dev/null\n"},
    {"BoundDevice", [](Plan& p) -> plan::Action { return plan::BindDevice{.path = p.add("/dev/null")}; },
     "like /dev/null $root/dev/null\nmount --bind /dev/null $root/dev/null\n"},
    {"CopyUp",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.type = p.add("tmpfs"),
                          .target = p.add("/run"),
                          .options = p.add(std::vector<std::string>{"mode=755"}),
                          .copy_up = true};
     },
     "directory $root/run\nmount --bind $root/run \"$empty\"\nmount -t tmpfs -o mode=755 tmpfs $root/run\n"
     "cp -ax \"$empty/.\" $root/run\numount \"$empty\"\n"},
    {"CopyUpToBind",
     [](Plan& p) -> plan::Action { return plan::Mount{.tree = tree(p, "/a"), .target = p.add("/b"), .copy_up = true}; },
     "like /a $root/b\n[ -n \"$(ls -A /a)\" ] || cp -ax $root/b/. /a\nmount --bind /a $root/b\n"},
    {"CopiedLink",
     [](Plan& p) -> plan::Action {
       return plan::Mount{.tree = tree(p, "/a"), .target = p.add("/b"), .copy_link = true};
     },
     "if [ -L /a ]; then\ncp -P /a $root/b\nelse\nlike /a $root/b\nmount --bind /a $root/b\nfi\n"},
    {"Fifo", [](Plan& p) -> plan::Action { return plan::MakeDevice{.path = p.add("/f"), .mode = S_IFIFO | 0600}; },
     "[ -e $root/f ] || mknod -m 0600 $root/f p\n"},
    {"ReadOnlyRoot", [](Plan& p) -> plan::Action { return plan::MakeReadOnly{.path = p.add("/"), .remount = true}; },
     "mount -o remount,bind,ro $root\n"},
    {"Hostname",
     [](Plan& p) -> plan::Action { return plan::SetHostname{.hostname = p.add("a"), .domainname = p.add("b")}; },
     "hostname a\ndomainname b\n"},
};
INSTANTIATE_TEST_SUITE_P(Steps, CommandTest, testing::ValuesIn(kCommands),
                         [](const auto& one) { return one.param.name; });

TEST(ShellSteps, ChainTheSecondAlternative) {
  Plan plan;
  plan::Step& step =
      plan.append(Lane::kChild, "mounts[5]", "",
                  plan::Mount{.type = plan.add("sysfs"), .target = plan.add("/sys"), .set = MOUNT_ATTR_RDONLY});
  plan.add_fallback(step, plan::Mount{.tree = tree(plan, "/sys"), .target = plan.add("/sys")}, {EPERM});
  EXPECT_EQ(
      shell_commands(plan, step),
      "{\n  directory $root/sys &&\n  mount -t sysfs sysfs $root/sys &&\n  mount -o remount,bind,ro $root/sys\n} || {\n"
      "  like /sys $root/sys &&\n  mount --bind /sys $root/sys\n}\n");
}

TEST(ShellSteps, KeepACommentOnOneLine) {
  Plan plan;
  const plan::Step& step =
      plan.append(Lane::kChild, "--env", "", plan::WriteFile{.path = plan.add("/x"), .value = plan.add("a\nreboot")});
  EXPECT_EQ(shell_comment(plan, step), "# --env: write \"a reboot\" to /x\n");
}

Plan whole() {
  Plan plan;
  const plan::Slot pid = plan.new_slot("pid");
  plan.append(
      Lane::kParent, "linux.cgroupsPath", "",
      plan::MakeCgroup{.directories = plan.add(Texts{"/sys/fs/cgroup/pids/c/1"}), .first = plan.new_slot("tasks")});
  plan.append(Lane::kParent, "--pids-limit", "",
              plan::WriteFile{.path = plan.add("/sys/fs/cgroup/pids/c/1/pids.max"), .value = plan.add("9")});
  const plan::Slot net = plan.new_slot("net");
  plan.append(Lane::kParent, "", "", plan::OpenFile{.path = plan.add("/run/netns/a"), .slot = net});
  plan.append(Lane::kParent, "", "", plan::Spawn{.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER, .pid = pid});
  plan.append(
      Lane::kParent, "", "",
      plan::MapIds{
          .pid = pid, .uid_map = plan.add("0 1000 1\n"), .gid_map = plan.add("0 1000 1\n"), .deny_setgroups = true});
  plan.append(Lane::kChild, "", "", plan::JoinNamespace{.flags = CLONE_NEWNET, .descriptor = net});
  plan.append(Lane::kChild, "", "", plan::SetAttribute{.attribute = plan::Attribute::kNewSession});
  plan.append(Lane::kChild, "", "", plan::SetAttribute{.attribute = plan::Attribute::kKeyring});
  plan.append(Lane::kChild, "", "", plan::Pivot{});
  plan.append(
      Lane::kChild, "", "",
      plan::SetAttribute{.attribute = plan::Attribute::kLimit, .which = RLIMIT_NOFILE, .value = 10, .second = -1});
  plan.append(Lane::kChild, "", "", plan::SetAttribute{.attribute = plan::Attribute::kUmask, .value = 077});
  plan.append(Lane::kChild, "", "", plan::SetAttribute{.attribute = plan::Attribute::kNoNewPrivileges});
  plan.append(Lane::kChild, "", "",
              plan::SetIds{.uid = 5,
                           .gid = 6,
                           .groups = plan.add(std::vector<std::uint32_t>{7, 8}),
                           .bounding = 0x401,
                           .inheritable = 0x400,
                           .ambient = 0x400});
  plan.append(Lane::kChild, "", "", plan::ChangeDirectory{.path = plan.add("/srv")});
  plan.append(Lane::kChild, "", "",
              plan::Exec{.candidates = plan.add(Texts{"/bin/sh"}),
                         .arguments = plan.add(Texts{"sh", "-c", "echo $A"}),
                         .environment = plan.add(Texts{"A=it's"})});
  return plan;
}

TEST(Shell, HasEveryPartOfThePlan) {
  const std::string script = as_shell(whole());
  EXPECT_THAT(script, HasSubstr("\n# linux.cgroupsPath: make the cgroup /sys/fs/cgroup/pids/c/1 and open tasks in "
                                "each\nmake_cgroup /sys/fs/cgroup/pids/c/1\n"));
  EXPECT_THAT(script, HasSubstr("\necho 9 >/sys/fs/cgroup/pids/c/1/pids.max\n"));
  EXPECT_THAT(script, HasSubstr("\n  echo 0 >/sys/fs/cgroup/pids/c/1/cgroup.procs\n"));
  EXPECT_THAT(script, HasSubstr("exec nsenter --net=/run/netns/a unshare --pid --mount --user --fork --kill-child "
                                "--propagation unchanged --keep-caps \\\n"));
  EXPECT_THAT(script, HasSubstr("  echo deny >\"/proc/$pid/setgroups\"\n  echo '0 1000 1' >\"/proc/$pid/uid_map\"\n"));
  EXPECT_THAT(script, HasSubstr("umask 0077\nexec setsid prlimit --nofile=10:unlimited \\\n"));
  EXPECT_THAT(script, HasSubstr("setpriv --reuid=5 --regid=6 --groups=7,8 --no-new-privs \\\n  "
                                "--bounding-set=-all,+chown,+net_bind_service \\\n"
                                "  --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service \\\n"));
  EXPECT_THAT(script, HasSubstr("env -i 'A=it'\\''s' dash -c '"));
  EXPECT_THAT(script, HasSubstr("' dash /srv \"$@\"\n"));
  EXPECT_THAT(script, HasSubstr("\nset -- sh -c 'echo $A'\n"));
  EXPECT_THAT(script, HasSubstr("pivot_root . ."));
  EXPECT_THAT(script, HasSubstr("#   - the session keyring stays the caller's"));
}

TEST(Shell, LeavesOutWhatThePlanHasNot) {
  Plan plan;
  plan.append(Lane::kParent, "", "", plan::Spawn{.flags = CLONE_NEWNS, .pid = plan.new_slot("pid")});
  plan.append(Lane::kChild, "", "", plan::Exec{.arguments = plan.add(Texts{"true"})});
  const std::string script = as_shell(plan);
  for (const char* absent : {"uid_map", "setpriv", "prlimit", "setsid", "--fork", "make_cgroup /", "keyring"}) {
    EXPECT_THAT(script, Not(HasSubstr(absent)));
  }
}

TEST(Shell, TakesEveryKindOfStep) {
  Plan plan;
  const auto add = [&](const plan::Action& action) { plan.append(Lane::kChild, "", "", action); };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (add(std::variant_alternative_t<I, plan::Action>{}), ...);
  }(std::make_index_sequence<std::variant_size_v<plan::Action>>());
  EXPECT_FALSE(as_shell(plan).empty());
}

}  // namespace
}  // namespace caisson::explain
