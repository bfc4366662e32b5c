#include "explain/shell_steps.h"

#include <linux/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "explain/names.h"
#include "explain/words.h"
#include "plan/mount_options.h"

namespace caisson::explain {

namespace {

using plan::kNoSlot;
using plan::Plan;

// The step that opened the tree in `slot`; null if it was given.
const plan::OpenTree* tree_of(const Plan& plan, plan::Slot slot) {
  for (const plan::Lane lane : {plan::Lane::kParent, plan::Lane::kLauncher, plan::Lane::kChild}) {
    for (const plan::Step& step : plan.lane(lane)) {
      const auto* tree = std::get_if<plan::OpenTree>(&step.action);
      if (tree != nullptr && tree->slot == slot) return tree;
    }
  }
  return nullptr;
}

std::string remount(const std::vector<std::string>& words, const std::string& target) {
  return words.empty() ? std::string() : fmt::format("mount -o remount,bind,{} {}\n", join(words, ","), target);
}

std::string propagate(std::uint64_t flags, const std::string& target) {
  const std::string word = plan::propagation_word(flags);
  return word.empty() ? std::string() : fmt::format("mount --make-{} {}\n", word, target);
}

std::string source_of(const Plan& plan, const plan::OpenTree& tree) {
  const std::string source(plan.view(tree.source));
  return shell_quote(tree.below ? fmt::format("{}/{}", source, plan.view(tree.below)) : source);
}

// The tree in `slot` at `target`: by its path, as a shell has no descriptors of trees.
std::string bind(const Plan& plan, plan::Slot slot, const std::string& target) {
  const plan::OpenTree* tree = tree_of(plan, slot);
  if (tree == nullptr) return fmt::format("# {} is not known to a shell\n", slot_words(plan, slot));
  if (tree->view != kNoSlot) {
    return fmt::format("# {} lies in another mount namespace: a shell cannot bind it from there\n",
                       plan.view(tree->source));
  }
  return fmt::format("mount --{} {} {}\n", tree->recursive ? "rbind" : "bind", source_of(plan, *tree), target) +
         propagate(tree->propagation, target);
}

// Its mode is that of what it covers, in the shell's `mode`.
bool is_like_what_it_covers(const Plan& plan, plan::Text type, plan::Range options) {
  if (plan.view(type) != "tmpfs") return false;
  return std::ranges::none_of(plan.texts(options),
                              [&](plan::Text option) { return plan.view(option).starts_with("mode="); });
}

// A read-only mount(8) would make the file system itself read-only; the plan means this mount of it alone.
std::string new_mount(const Plan& plan, plan::Text type, plan::Text source, plan::Range range, std::uint64_t set,
                      const std::string& target) {
  std::vector<std::string> options = mount_attribute_words(set & ~std::uint64_t{MOUNT_ATTR_RDONLY});
  for (const plan::Text text : plan.texts(range)) options.emplace_back(plan.view(text));
  std::string list = options.empty() ? std::string() : "-o " + shell_quote(join(options, ",")) + " ";
  if (is_like_what_it_covers(plan, type, range)) {
    list = fmt::format("-o {}mode=\"$mode\" ", options.empty() ? "" : shell_quote(join(options, ",")) + ",");
  }
  std::string text = fmt::format("mount -t {} {}{} {}\n", shell_quote(plan.view(type)), list,
                                 shell_quote(plan.view(source ? source : type)), target);
  if ((set & MOUNT_ATTR_RDONLY) != 0) text += remount({"ro"}, target);
  return text;
}

std::string recursive_remount(const plan::Mount& a, const std::string& target) {
  std::vector<std::string> words = mount_attribute_words(a.recursive_set);
  for (const std::string& word : cleared_attribute_words(a.recursive_clear)) words.push_back(word);
  if (words.empty()) return {};
  return fmt::format("findmnt -Rnlo TARGET {} | while read -r each; do mount -o remount,bind,{} \"$each\"; done\n",
                     target, join(words, ","));
}

struct Commander {
  const Plan& plan;

  std::string operator()(const plan::MakeMountSource& a) const {
    const std::string path = shell_quote(plan.view(a.path));
    if (a.directory) return fmt::format("make_directory {}\n", path);
    return fmt::format("make_file {} {}\n", path, shell_quote(plan.view(a.content)));
  }
  std::string operator()(const plan::WriteFile& a) const {
    if (a.directory != kNoSlot) return fmt::format("# {} is not known to a shell\n", slot_words(plan, a.directory));
    return write_command(plan.view(a.path), plan.view(a.value)) + "\n";
  }
  std::string operator()(const plan::EnableControllers& a) const {
    const std::string directory = shell_quote(plan.view(a.directory));
    std::string enable =
        write_command(std::string(plan.view(a.directory)) + "/cgroup.subtree_control", plan.view(a.controllers)) + "\n";
    if (!a.leaf) return enable;
    const std::string leaf = shell_quote(plan.view(a.leaf));
    return fmt::format("mkdir -p {1}\nwhile read -r pid; do echo \"$pid\" >{1}/cgroup.procs; done <{0}/cgroup.procs\n",
                       directory, leaf) +
           enable;
  }
  std::string operator()(const plan::BringUpLoopback&) const { return "ip link set lo up\n"; }
  std::string operator()(const plan::SetHostname& a) const {
    std::string text;
    if (a.hostname) text += fmt::format("hostname {}\n", shell_quote(plan.view(a.hostname)));
    if (a.domainname) text += fmt::format("domainname {}\n", shell_quote(plan.view(a.domainname)));
    return text;
  }
  std::string operator()(const plan::OpenTree& a) const {
    if (!a.type) return {};
    return new_mount(plan, a.type, a.type, a.options, a.set, "$empty") + propagate(a.propagation, "$empty");
  }
  std::string operator()(const plan::SetPropagation& a) const { return propagate(a.flags, "/"); }
  std::string operator()(const plan::MountRoot& a) const {
    if (a.tree != kNoSlot) return bind(plan, a.tree, "$root");
    return fmt::format("mount -t {0} -o {1} {0} $root\n", shell_quote(plan.view(a.type)),
                       shell_quote(plan.view(a.options)));
  }
  std::string operator()(const plan::MountOverlayRoot& a) const {
    std::vector<std::string> layers;
    for (std::uint16_t i = 0; i < a.layers; ++i)
      layers.push_back(tree_source(plan, static_cast<plan::Slot>(a.first_layer + i)));
    const std::string writable = tree_source(plan, a.writable);
    return fmt::format(
        "mount -t overlay -o {} overlay $root\n",
        shell_quote(fmt::format("{}{}lowerdir={},upperdir={}/{},workdir={}/{}", a.user_attributes ? "userxattr," : "",
                                a.is_volatile ? "volatile," : "", join(layers, ":"), writable, plan.view(a.upper),
                                writable, plan.view(a.work))));
  }
  std::string operator()(const plan::Mount& a) const {
    const std::string target = inside_path(plan.view(a.target));
    if (a.tree == kNoSlot) {
      const std::string mount = new_mount(plan, a.type, a.source, a.options, a.set, target);
      const bool is_like = is_like_what_it_covers(plan, a.type, a.options);
      return (is_like ? fmt::format("mode=$(stat -c %a {} 2>/dev/null || echo 1777)\n", target) : "") +
             fmt::format("directory {}\n", target) +
             (a.copy_up ? fmt::format("mount --bind {0} \"$empty\"\n{1}cp -ax \"$empty/.\" {0}\numount \"$empty\"\n",
                                      target, mount)
                        : mount) +
             propagate(a.propagation, target);
    }
    std::vector<std::string> words = mount_attribute_words(a.set);
    for (const std::string& word : cleared_attribute_words(a.clear)) words.push_back(word);
    const plan::OpenTree* tree = tree_of(plan, a.tree);
    const std::string source = tree == nullptr ? "." : source_of(plan, *tree);
    const std::string begun =
        a.copy_up ? fmt::format("[ -n \"$(ls -A {1})\" ] || cp -ax {0}/. {1}\n", target, source) : "";
    const std::string binding = fmt::format("like {} {}\n", source, target) + begun + bind(plan, a.tree, target) +
                                recursive_remount(a, target) + remount(words, target) +
                                propagate(a.propagation, target);
    if (!a.copy_link) return binding;
    return fmt::format("if [ -L {0} ]; then\ncp -P {0} {1}\nelse\n{2}fi\n", source, target, binding);
  }
  std::string operator()(const plan::BindDevice& a) const {
    const std::string path = inside_path(plan.view(a.path));
    return fmt::format("like {0} {1}\nmount --bind {0} {1}\n", shell_quote(plan.view(a.path)), path);
  }
  std::string operator()(const plan::MakeDevice& a) const {
    const std::string path = inside_path(plan.view(a.path));
    const std::string numbers =
        S_ISFIFO(a.mode) ? "p" : fmt::format("{} {} {}", S_ISBLK(a.mode) ? 'b' : 'c', a.major, a.minor);
    std::string text = fmt::format("[ -e {0} ] || mknod -m {1:04o} {0} {2}\n", path, a.mode & 07777U, numbers);
    if ((a.uid | a.gid) != 0) text += fmt::format("chown {}:{} {}\n", a.uid, a.gid, path);
    return text;
  }
  std::string operator()(const plan::MakeLink& a) const {
    const std::string path = inside_path(plan.view(a.path));
    return fmt::format("[ -e {0} ] || [ -L {0} ] || ln -s {1} {0}\n", path, shell_quote(plan.view(a.target)));
  }
  std::string operator()(const plan::Mask& a) const { return fmt::format("mask {}\n", inside_path(plan.view(a.path))); }
  std::string operator()(const plan::MakeReadOnly& a) const {
    const std::string path = inside_path(plan.view(a.path));
    return a.remount ? fmt::format("mount -o remount,bind,ro {}\n", path) : fmt::format("read_only {}\n", path);
  }
  std::string operator()(const plan::ChangeDirectory& a) const {
    return a.make ? fmt::format("directory {}\n", inside_path(plan.view(a.path))) : std::string();
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

struct Difference {
  std::string operator()(const plan::OpenTree& a) const {
    return a.type ? "" : "trees are bound by their paths, not taken by descriptor before the clone";
  }
  std::string operator()(const plan::RestrictDevices&) const {
    return "devices are not restricted: the kernel takes a program for that, which a shell cannot give it";
  }
  std::string operator()(const plan::IdMapTree&) const {
    return "files keep the owners they have on the disk, who are nobody in the user namespace (mount(8) from "
           "util-linux "
           "2.39 on knows X-mount.idmap)";
  }
  std::string operator()(const plan::MakeUserNamespace&) const {
    return "no user namespace is made for the owners of a mount's files";
  }
  std::string operator()(const plan::MoveNetworkDevice&) const {
    return "network devices stay on the host: ip link set DEVICE netns PID moves one, without its addresses";
  }
  std::string operator()(const plan::JoinResctrlGroup&) const {
    return "the process stays in the caller's resctrl group: echo PID >/sys/fs/resctrl/GROUP/tasks puts it into "
           "another";
  }
  std::string operator()(const plan::Mount&) const {
    return "paths inside the root filesystem are followed as the host sees them: use it with a root filesystem you "
           "trust";
  }
  std::string operator()(const plan::Pivot& a) const {
    if (a.move) return "the root is pivoted into, not moved onto the old one";
    return "unshare(1) waits for the program inside the container's cgroups";
  }
  std::string operator()(const plan::SetAttribute& a) const {
    switch (a.attribute) {
      case plan::Attribute::kKeyring:
        return "the session keyring stays the caller's: keyctl(1) of the package keyutils could make one";
      case plan::Attribute::kIoPriority: return "input and output have the caller's priority: ionice(1) could set it";
      case plan::Attribute::kPersonality: return "the personality stays the caller's: setarch(8) could set it";
      case plan::Attribute::kNotDumpable: return "the process can be traced from inside before it executes the program";
      case plan::Attribute::kDeathSignal:
      case plan::Attribute::kNewSession:
      case plan::Attribute::kLimit:
      case plan::Attribute::kUmask:
      case plan::Attribute::kNoNewPrivileges: return "";
    }
    return "";
  }
  std::string operator()(const plan::SetAffinity& a) const {
    return a.processors.count == 0 ? "the processors are those that the caller is bound to"
                                   : "the processors are the caller's: taskset(1) could choose them";
  }
  std::string operator()(const plan::SetScheduler&) const {
    return "the scheduler is the caller's: chrt(1) and nice(1) could choose it";
  }
  std::string operator()(const plan::SetMemoryPolicy&) const {
    return "memory is taken as the caller's is: numactl(8) could bind it to nodes";
  }
  std::string operator()(const plan::SetLabel&) const {
    return "the program keeps the label of the shell: aa-exec(1) and runcon(1) could change it";
  }
  std::string operator()(const plan::RestrictFiles&) const {
    return "every file stays within the program's reach: a shell has no command for Landlock";
  }
  std::string operator()(const plan::RunHook&) const {
    return "the hook is not run: it wants the container's state, with its pid, on its standard input";
  }
  std::string operator()(const plan::AskSystemd&) const {
    return "systemd knows nothing of it: the cgroup is made by hand where systemd would make it, and is no unit";
  }
  std::string operator()(const plan::Console&) const {
    return "the terminal is the caller's, not one of the container's own devpts";
  }
  std::string operator()(const plan::CloseDescriptors&) const {
    return "descriptors that the caller leaves open reach the program";
  }
  std::string operator()(const plan::LoadFilter&) const {
    return "every system call stays within the program's reach: a shell cannot load a filter";
  }
  std::string operator()(const plan::ConnectStreams&) const { return "the standard streams are the caller's own"; }
  std::string operator()(const plan::SetIds&) const {
    return "effective and permitted capabilities are what executing the program makes of the other three sets";
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::string inside_path(std::string_view path) {
  if (path == "/") return "$root";
  const std::string quoted = shell_quote(path);
  return (path.starts_with('/') ? "$root" : "$root/") + quoted;
}

std::string write_command(std::string_view path, std::string_view value) {
  while (value.ends_with('\n')) value.remove_suffix(1);
  const bool plain =
      value.find('\\') == std::string_view::npos && !value.starts_with("-n");  // what echo takes for itself
  return fmt::format("{} {} >{}", plain ? "echo" : "printf '%s\\n'", shell_quote(value), shell_quote(path));
}

std::string shell_comment(const Plan& plan, const plan::Step& step) {
  std::string text = step.item ? fmt::format("# {}: {}\n", plan.view(step.item), describe(plan, step))
                               : fmt::format("# {}\n", describe(plan, step));
  std::replace(text.begin(), text.end() - 1, '\n', ' ');  // a value may have lines, a comment has one
  return text;
}

std::string shell_commands(const Plan& plan, const plan::Action& action) { return std::visit(Commander{plan}, action); }

std::string shell_commands(const Plan& plan, const plan::Step& step) {
  std::string first = shell_commands(plan, step.action);
  if (step.fallback == plan::kNoFallback || first.empty()) return first;
  // "set -e" does not hold on the left of "||", so the commands are chained.
  const auto chained = [](std::string text) {
    text.pop_back();  // the last newline
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
    return join(lines, " &&\n  ");
  };
  return fmt::format("{{\n  {}\n}} || {{\n  {}\n}}\n", chained(first),
                     chained(shell_commands(plan, plan.fallback(step).action)));
}

std::string shell_difference(const plan::Action& action) { return std::visit(Difference{}, action); }

}  // namespace caisson::explain
