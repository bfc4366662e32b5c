#include "explain/words.h"

#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "explain/names.h"
#include "plan/mount_options.h"

namespace caisson::explain {

namespace {

using plan::kNoSlot;
using plan::Plan;
using plan::Slot;

// What is said in any case, and what is added where there is room.
struct Words {
  std::string brief;
  std::string details = {};
};

std::string_view without_newline(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> strings(const Plan& plan, plan::Range range) {
  std::vector<std::string> all;
  for (const plan::Text text : plan.texts(range)) all.emplace_back(plan.view(text));
  return all;
}

std::string in_parentheses(const std::vector<std::string>& groups) {
  std::vector<std::string> present;
  std::copy_if(groups.begin(), groups.end(), std::back_inserter(present),
               [](const std::string& g) { return !g.empty(); });
  return present.empty() ? std::string() : fmt::format(" ({})", join(present, "; "));
}

std::string arrow(const Plan& plan, std::initializer_list<Slot> slots) {
  std::vector<std::string> names;
  for (const Slot slot : slots) {
    if (slot != kNoSlot) names.push_back(slot_words(plan, slot));
  }
  return names.empty() ? std::string() : " → " + join(names, ", ");
}

std::string plural(std::string_view noun, std::size_t count) {
  return fmt::format("{}{}", noun, count == 1 ? "" : "s");
}

std::string namespaces(std::uint64_t flags) {
  const std::vector<std::string> words = namespace_words(flags);
  return fmt::format("{} {}", join(words, ", "), plural("namespace", words.size()));
}

// "0 100000 65536\n" as "0 → 100000 (65536)".
std::string id_map(std::string_view map) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(without_newline(map), '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    lines.push_back(fields.size() == 3 ? fmt::format("{} → {} ({})", fields[0], fields[1], fields[2])
                                       : std::string(line));
  }
  return join(lines, ", ");
}

std::string device_words(std::uint32_t mode, std::uint32_t major, std::uint32_t minor) {
  if (S_ISFIFO(mode)) return "fifo";
  return fmt::format("{} device {}:{}", S_ISBLK(mode) ? "block" : "character", major, minor);
}

struct Teller {
  const Plan& plan;

  std::string view(plan::Text text) const { return std::string(plan.view(text)); }

  Words operator()(const plan::MakeCgroup& a) const {
    return {fmt::format("make the {} {}", plural("cgroup", a.directories.count), braces(strings(plan, a.directories))),
            a.first == kNoSlot ? ""
            : a.unified        ? " and open it"
                               : " and open tasks in each"};
  }
  Words operator()(const plan::EnableControllers& a) const {
    const std::string enable =
        fmt::format("enable {} for the cgroups below {}", view(a.controllers), view(a.directory));
    return {enable, a.leaf ? fmt::format(", whose own processes move to {}", view(a.leaf)) : ""};
  }
  Words operator()(const plan::RestrictDevices& a) const {
    return {
        "restrict the devices of " + slot_path(plan, a.cgroup),
        fmt::format(" by a program of {} instructions: {}", a.program.count / 2, join(strings(plan, a.rules), ", "))};
  }
  Words operator()(const plan::GiveCgroup& a) const {
    return {fmt::format("give {} to uid {}", slot_path(plan, a.cgroup), a.owner),
            ", with " + join(strings(plan, a.files), ", ")};
  }
  Words operator()(const plan::MakeMountSource& a) const {
    return {fmt::format("make the {} {}", a.directory ? "directory" : "file", view(a.path)), ""};
  }
  Words operator()(const plan::WriteFile& a) const {
    return {fmt::format("write \"{}\" to {}", without_newline(plan.view(a.value)), view(a.path)),
            a.directory == kNoSlot ? "" : " below " + slot_words(plan, a.directory)};
  }
  Words operator()(const plan::MapIds& a) const {
    return {"map the container's users and groups to the host's",
            in_parentheses({"users " + id_map(plan.view(a.uid_map)), "groups " + id_map(plan.view(a.gid_map)),
                            a.deny_setgroups ? "setgroups denied" : "",
                            a.uid_program ? "by newuidmap and newgidmap" : ""})};
  }
  Words operator()(const plan::IdMapTree& a) const {
    return {fmt::format("show the files of {} with the container's owners", tree_source(plan, a.tree))};
  }
  Words operator()(const plan::MakeUserNamespace& a) const {
    return {"make a user namespace that nobody lives in",
            in_parentheses({"users " + id_map(plan.view(a.uid_map)), "groups " + id_map(plan.view(a.gid_map))}) +
                arrow(plan, {a.slot})};
  }
  Words operator()(const plan::MoveNetworkDevice& a) const {
    const bool renamed = plan.view(a.name) != plan.view(a.new_name);
    return {fmt::format("move the network device {} into the container", view(a.name)),
            (renamed ? " as " + view(a.new_name) : "") + ", with its addresses"};
  }
  Words operator()(const plan::JoinResctrlGroup& a) const {
    std::vector<std::string> lines;
    for (const std::string& line : strings(plan, a.schemata)) lines.emplace_back(without_newline(line));
    const std::string made = a.may_make ? "made if it is missing" : "";
    return {fmt::format("put the process into the resctrl group {}", view(a.directory)),
            in_parentheses({made, join(lines, " ")})};
  }
  Words operator()(const plan::Spawn& a) const {
    const bool any = !namespace_words(a.flags).empty();
    const std::string with = any ? " with new " + namespaces(a.flags) : "";
    const std::string from = a.mounts == kNoSlot ? "" : " from inside " + slot_words(plan, a.mounts);
    return {fmt::format("clone{}{}{}", a.lane == plan::Lane::kLauncher ? " the launcher" : "", with, from),
            (a.cgroup == kNoSlot ? ""
             : a.joins           ? ", which joins the cgroup of " + slot_words(plan, a.cgroup)
                                 : ", born in the cgroup of " + slot_words(plan, a.cgroup)) +
                arrow(plan, {a.pid, a.pidfd})};
  }
  Words operator()(const plan::Await& a) const { return {fmt::format("wait for '{}'", tag_name(a.tag))}; }
  Words operator()(const plan::AwaitStart& a) const {
    return {"wait to be started", ", by whoever connects to " + slot_words(plan, a.listener)};
  }
  Words operator()(const plan::Signal& a) const { return {fmt::format("say '{}'", tag_name(a.tag))}; }
  Words operator()(const plan::SendDescriptor& a) const {
    return {"send " + slot_words(plan, a.descriptor),
            a.value == kNoSlot ? "" : " with the number in " + slot_words(plan, a.value)};
  }
  Words operator()(const plan::ReceiveDescriptor& a) const {
    return {"receive a descriptor", arrow(plan, {a.descriptor, a.value})};
  }
  Words operator()(const plan::RunHook& a) const {
    std::vector<std::string> words;
    for (const std::string& argument : strings(plan, a.arguments)) words.push_back(shell_quote(argument));
    const std::string as = words.empty() || strings(plan, a.arguments)[0] == view(a.path) ? "" : " as " + words[0];
    if (!words.empty()) words[0] = view(a.path) + as;
    return {
        "run the hook " + join(words, " "),
        in_parentheses({fmt::format("environment: {} {}", a.environment.count, plural("variable", a.environment.count)),
                        a.timeout_s == 0 ? "" : fmt::format("killed after {} s", a.timeout_s)})};
  }
  Words operator()(const plan::AskSystemd& a) const {
    // "start UNIT CONTROL-GROUP PROPERTY…", "attach UNIT BELOW"
    const std::vector<std::string> request = strings(plan, a.request);
    const std::string verb = request.empty() ? "" : request[0];
    const std::string whom = a.pid == kNoSlot ? "" : fmt::format("the process of {}", slot_words(plan, a.pid));
    if (verb == "attach") return {fmt::format("have systemd take {} into {}", whom, view(a.unit))};
    const std::vector<std::string> properties(request.begin() + std::min<std::ptrdiff_t>(3, std::ssize(request)),
                                              request.end());
    return {fmt::format("have systemd {} {}", verb, view(a.unit)),
            (whom.empty() ? "" : " for " + whom) + (properties.empty() ? "" : ": " + join(properties, " "))};
  }
  Words operator()(const plan::OpenFile& a) const {
    return {"open " + view(a.path), fmt::format(" ({}){}", open_flag_names(a.flags), arrow(plan, {a.slot}))};
  }
  Words operator()(const plan::JoinNamespace& a) const {
    const std::string path = slot_path(plan, a.descriptor);
    return {
        fmt::format("join the {} of {}", namespaces(a.flags), path.empty() ? slot_words(plan, a.descriptor) : path)};
  }
  Words operator()(const plan::AttachCgroup& a) const {
    std::vector<std::string> paths;
    for (std::string& tasks : strings(plan, a.tasks)) paths.push_back(tasks.substr(0, tasks.rfind('/')));
    for (int i = 0; i < a.count; ++i) paths.push_back(slot_path(plan, static_cast<Slot>(a.first + i)));
    return {fmt::format("join the {}", plural("cgroup", paths.size())), " " + braces(paths)};
  }
  Words operator()(const plan::Unshare& a) const {
    if (a.ahead == kNoSlot) return {"unshare the " + namespaces(a.flags)};
    return {"enter the new " + namespaces(a.flags), " in " + slot_words(plan, a.ahead)};
  }
  Words operator()(const plan::MakeTimeNamespace& a) const {
    std::vector<std::string> clocks;
    for (const std::string_view line : split(without_newline(plan.view(a.offsets)), '\n')) {
      const std::vector<std::string_view> fields = split(line, ' ');
      if (fields.size() == 3)
        clocks.push_back(fmt::format("{} {} s{}", fields[0], fields[1],
                                     fields[2] == "0" ? "" : fmt::format(" and {} ns", fields[2])));
    }
    return {"make a time namespace and enter it",
            clocks.empty() ? "" : fmt::format(" (ahead of the host: {})", join(clocks, ", "))};
  }
  Words operator()(const plan::BringUpLoopback&) const { return {"bring the loopback device up"}; }
  Words operator()(const plan::SetHostname& a) const {
    std::vector<std::string> parts;
    if (a.hostname) parts.push_back("the hostname to " + view(a.hostname));
    if (a.domainname) parts.push_back("the domain name to " + view(a.domainname));
    return {"set " + join(parts, " and ")};
  }
  Words operator()(const plan::OpenTree& a) const {
    std::vector<std::string> options = mount_attribute_words(a.set);
    if (a.propagation != 0) options.push_back(plan::propagation_word(a.propagation));
    const std::string details =
        in_parentheses({join(options, ", "), join(strings(plan, a.options), ", ")}) + arrow(plan, {a.slot});
    if (a.type) return {fmt::format("make a detached {}", view(a.type)), details};
    const std::string where = a.view == kNoSlot ? "" : " as seen from " + slot_path(plan, a.view);
    const std::string part = a.below ? fmt::format("{} inside ", view(a.below)) : "";
    return {fmt::format("take a detached copy of {}{}", part, view(a.source)),
            (a.recursive ? " with the mounts below it" : "") +
                std::string(a.no_follow ? ", not following a link" : "") + where + details};
  }
  Words operator()(const plan::SetPropagation& a) const {
    return {fmt::format("make the propagation of / {}", plan::propagation_word(a.flags))};
  }
  Words operator()(const plan::MountRoot& a) const {
    if (a.tree != kNoSlot) {
      return {fmt::format("place {} as the root filesystem", tree_source(plan, a.tree)),
              " at " + view(a.at) + arrow(plan, {a.root})};
    }
    return {fmt::format("mount {} as the root filesystem", view(a.type)),
            fmt::format(" at {}{}{}", view(a.at), in_parentheses({view(a.options)}), arrow(plan, {a.root}))};
  }
  Words operator()(const plan::MountOverlayRoot& a) const {
    std::vector<std::string> layers;
    for (std::uint16_t i = 0; i < a.layers; ++i)
      layers.push_back(tree_source(plan, static_cast<Slot>(a.first_layer + i)));
    const std::string writable = tree_source(plan, a.writable);
    return {fmt::format("mount overlay as the root filesystem"),
            fmt::format(" ({}{}lowerdir={},upperdir={}/{},workdir={}/{}){}", a.user_attributes ? "userxattr," : "",
                        a.is_volatile ? "volatile," : "", join(layers, ":"), writable, view(a.upper), writable,
                        view(a.work), arrow(plan, {a.root}))};
  }
  Words operator()(const plan::Mount& a) const {
    std::vector<std::string> options = mount_attribute_words(a.set);
    for (const std::string& word : cleared_attribute_words(a.clear)) options.push_back(word);
    // mount(8) of runtime-spec: a word with an r before it holds for the mounts below as well.
    for (const std::string& word : mount_attribute_words(a.recursive_set)) options.push_back("r" + word);
    for (const std::string& word : cleared_attribute_words(a.recursive_clear)) options.push_back("r" + word);
    if (a.propagation != 0) options.push_back(plan::propagation_word(a.propagation));
    std::vector<std::string> ways;
    if (a.label) ways.push_back("labelled " + view(a.label));
    if (a.copy_up) ways.emplace_back("begun with what the image has there");
    if (a.copy_link) ways.emplace_back("a link is made again");
    if (a.no_follow) ways.emplace_back("not following a link");
    const std::string details =
        in_parentheses({join(options, ", "), join(strings(plan, a.options), ", "), join(ways, ", ")});
    if (a.tree != kNoSlot) return {fmt::format("bind {} at {}", tree_source(plan, a.tree), view(a.target)), details};
    return {fmt::format("mount {} at {}", view(a.type), view(a.target)), details};
  }
  Words operator()(const plan::MakeDevice& a) const {
    return {fmt::format("make the {} {}", device_words(a.mode, a.major, a.minor), view(a.path)),
            fmt::format(" (mode {:04o}, owner {}:{})", a.mode & 07777U, a.uid, a.gid)};
  }
  Words operator()(const plan::BindDevice& a) const {
    return {fmt::format("bind the host's {} {}", device_words(a.mode, a.major, a.minor), view(a.path))};
  }
  Words operator()(const plan::MakeLink& a) const {
    return {fmt::format("link {} → {}", view(a.path), view(a.target))};
  }
  Words operator()(const plan::Pivot& a) const {
    if (a.move) {
      return {"move the root filesystem onto the old root and chroot into it",
              ", after other mounts of procfs and sysfs have been taken off or covered"};
    }
    return {"make the root filesystem the root (pivot_root)", ", let go of the old one"};
  }
  Words operator()(const plan::ChangeRoot& a) const {
    const std::string path = slot_path(plan, a.root);
    return {"chroot to " + (path.empty() ? slot_words(plan, a.root) : path)};
  }
  Words operator()(const plan::Mask& a) const { return {"hide " + view(a.path)}; }
  Words operator()(const plan::MakeReadOnly& a) const {
    return {fmt::format("make {} read-only", view(a.path)),
            a.remount ? " (the mount that is there)" : " (a bind of it onto itself)"};
  }
  Words operator()(const plan::SetAttribute& a) const { return attribute(a); }
  Words operator()(const plan::SetAffinity& a) const {
    if (a.processors.count == 0) return {"run on every processor that the cgroup has"};
    return {fmt::format("run on the processors {}", number_list(plan.numbers(a.processors)))};
  }
  Words operator()(const plan::SetScheduler& a) const {
    std::vector<std::string> parts;
    if (a.nice != 0) parts.push_back(fmt::format("nice {}", a.nice));
    if (a.priority != 0) parts.push_back(fmt::format("priority {}", a.priority));
    if (a.runtime != 0) parts.push_back(fmt::format("{} ns within {} of each {}", a.runtime, a.deadline, a.period));
    return {"be scheduled by " + known_name(spec::kSchedulerPolicies, a.policy),
            in_parentheses({join(parts, ", "), known_flags(spec::kSchedulerFlags, a.flags)})};
  }
  Words operator()(const plan::SetMemoryPolicy& a) const {
    const std::string nodes = number_list(plan.numbers(a.nodes));
    return {"take memory by " + known_name(spec::kMemoryPolicyModes, a.mode),
            in_parentheses({nodes.empty() ? "" : "nodes " + nodes, known_flags(spec::kMemoryPolicyFlags, a.flags)})};
  }
  Words operator()(const plan::SetLabel& a) const {
    const std::string_view value = plan.view(a.value);
    switch (a.label) {
      case plan::Label::kAppArmor:
        return {fmt::format("have the program executed with AppArmor's profile {}", profile_name(value)),
                " (through " + slot_words(plan, a.procfs) + ")"};
      case plan::Label::kSelinux:
        return {fmt::format("have the program executed with SELinux's label {}", value),
                " (through " + slot_words(plan, a.procfs) + ")"};
      case plan::Label::kSelinuxKeys: return {fmt::format("label keys that are made with {}", value)};
    }
    return {};
  }
  Words operator()(const plan::FindHome& a) const {
    return {fmt::format("set HOME to where the container's /etc/passwd has user {}", a.uid), ", or to /"};
  }
  Words operator()(const plan::RestrictFiles& a) const {
    std::vector<std::string> rules;
    const auto paths = plan.texts(a.paths);
    for (std::size_t i = 0; i < paths.size(); ++i)
      rules.push_back(fmt::format("{}: {}", plan.view(paths[i]), file_right_words(plan.numbers(a.rights)[i])));
    return {"restrict the files within reach", rules.empty() ? " to none" : fmt::format(" to {}", join(rules, "; "))};
  }
  Words operator()(const plan::ConnectStreams& a) const {
    return {"connect standard input, output and error", fmt::format(" (owner {})", a.uid)};
  }
  Words operator()(const plan::Console& a) const {
    std::vector<std::string> options;
    if (a.height != 0 || a.width != 0) options.push_back(fmt::format("{} rows, {} columns", a.height, a.width));
    if (a.bind_console) options.emplace_back("bound to /dev/console");
    if (!a.adds_returns) options.emplace_back("lines end as the program ends them");
    return {"open a terminal in the container's own devpts",
            in_parentheses({join(options, ", ")}) + arrow(plan, {a.master})};
  }
  Words operator()(const plan::SetIds& a) const {
    std::vector<std::string> groups;
    for (const std::uint32_t group : plan.numbers(a.groups)) groups.push_back(fmt::format("{}", group));
    Words words{fmt::format("become user {}, group {}", a.uid, a.gid)};
    if (!groups.empty()) words.details += fmt::format(", groups {}", join(groups, ", "));
    if (a.set_capabilities) words.details += "; " + capabilities(a);
    return words;
  }
  Words operator()(const plan::ChangeDirectory& a) const {
    return {"change to the directory " + view(a.path), a.make ? ", made if it is missing" : ""};
  }
  Words operator()(const plan::CloseDescriptors& a) const {
    return {fmt::format("close descriptors from {} up when the program is executed", a.from)};
  }
  Words operator()(const plan::LoadFilter& a) const {
    return {"load the filter of system calls",
            in_parentheses({fmt::format("{} {}", a.instructions.count, plural("instruction", a.instructions.count)),
                            a.flags == 0 ? "" : filter_flag_names(a.flags)}) +
                arrow(plan, {a.listener})};
  }
  Words operator()(const plan::SendListener& a) const {
    return {fmt::format("send the filter's listener to {}", view(a.path)), ""};
  }
  Words operator()(const plan::FindProgram& a) const {
    const std::vector<std::string> words = strings(plan, a.arguments);
    return {"look whether " + (words.empty() ? "" : words[0]) + " can be executed",
            in_parentheses({a.candidates.count > 1 ? "looked for as " + braces(strings(plan, a.candidates)) : ""})};
  }
  Words operator()(const plan::Exec& a) const {
    std::vector<std::string> words;
    for (const std::string& argument : strings(plan, a.arguments)) words.push_back(shell_quote(argument));
    std::vector<std::string> groups = {
        fmt::format("environment: {} {}", a.environment.count, plural("variable", a.environment.count))};
    if (a.candidates.count > 1) groups.push_back("looked for as " + braces(strings(plan, a.candidates)));
    return {"execute " + join(words, " "), in_parentheses(groups)};
  }

 private:
  static std::string capabilities(const plan::SetIds& a) {
    const std::vector<std::string> kept = capability_words(a.bounding);
    std::string text = kept.empty() ? "keep no capability"
                                    : fmt::format("keep {} {}: {}", kept.size(),
                                                  kept.size() == 1 ? "capability" : "capabilities", join(kept, ", "));
    // A root user's sets are the bounding set; what differs from it is worth a word.
    if (a.effective != a.bounding) text += "; effective: " + none_or(a.effective);
    if (a.permitted != a.bounding) text += "; permitted: " + none_or(a.permitted);
    if (a.inheritable != 0) text += "; inheritable: " + none_or(a.inheritable);
    if (a.ambient != 0) text += "; ambient: " + none_or(a.ambient);
    return text;
  }

  static std::string none_or(std::uint64_t mask) { return mask == 0 ? "none" : join(capability_words(mask), ", "); }

  Words attribute(const plan::SetAttribute& a) const {
    switch (a.attribute) {
      case plan::Attribute::kDeathSignal:
        return {fmt::format("ask for {} when the parent dies", signal_name(static_cast<int>(a.value)))};
      case plan::Attribute::kNotDumpable: return {"forbid others to trace this process before it executes"};
      case plan::Attribute::kNewSession: return {"start a session of its own"};
      case plan::Attribute::kKeyring:
        return a.name ? Words{fmt::format("join the session keyring {}", view(a.name))}
                      : Words{"join a session keyring of its own"};
      case plan::Attribute::kLimit:
        return {fmt::format("set {} to {} (hard limit {})", limit_name(a.which),
                            limit_value(static_cast<std::uint64_t>(a.value)),
                            limit_value(static_cast<std::uint64_t>(a.second)))};
      case plan::Attribute::kUmask: return {fmt::format("set the umask to {:04o}", a.value)};
      case plan::Attribute::kNoNewPrivileges: return {"give up new privileges for good (no_new_privs)"};
      case plan::Attribute::kIoPriority:
        return {fmt::format("do input and output with {}",
                            known_name(spec::kIoClasses, static_cast<std::uint32_t>(a.which))),
                fmt::format(", priority {}", a.value)};
      case plan::Attribute::kPersonality:
        return {fmt::format("take the personality {}",
                            known_name(spec::kPersonalityDomains, static_cast<std::uint32_t>(a.value)))};
    }
    return {};
  }
};

Words tell_action(const Plan& plan, const plan::Action& action) { return std::visit(Teller{plan}, action); }

// The path at which an action opens or makes the descriptor in `slot`; empty if it does not.
std::string opened_at(const Plan& plan, const plan::Action& action, Slot slot) {
  if (const auto* file = std::get_if<plan::OpenFile>(&action)) return file->slot == slot ? plan.c_str(file->path) : "";
  if (const auto* device = std::get_if<plan::MoveNetworkDevice>(&action)) {
    return device->network == slot ? "/proc/PID/ns/net" : "";
  }
  if (const auto* tree = std::get_if<plan::OpenTree>(&action)) {
    if (tree->slot != slot) return {};
    return std::string(plan.view(tree->source ? tree->source : tree->type)) +
           (tree->below ? "/" + std::string(plan.view(tree->below)) : "");
  }
  if (const auto* cgroup = std::get_if<plan::MakeCgroup>(&action)) {
    const int index = slot - cgroup->first;
    if (cgroup->first == kNoSlot || index < 0 || index >= static_cast<int>(cgroup->directories.count)) return {};
    return plan.c_str(plan.texts(cgroup->directories)[static_cast<std::size_t>(index)]);
  }
  if (const auto* root = std::get_if<plan::MountOverlayRoot>(&action)) return root->root == slot ? "/" : "";
  if (const auto* root = std::get_if<plan::MountRoot>(&action)) return root->root == slot ? plan.c_str(root->at) : "";
  return {};
}

}  // namespace

std::string slot_words(const Plan& plan, Slot slot) {
  const std::string_view name = plan.slot_name(slot);
  if (name.empty()) return fmt::format("slot {}", slot);
  return name.find(' ') == std::string_view::npos ? fmt::format("slot {}", name) : fmt::format("slot '{}'", name);
}

std::string slot_path(const Plan& plan, Slot slot) {
  for (const plan::Lane lane : {plan::Lane::kParent, plan::Lane::kLauncher, plan::Lane::kChild}) {
    for (const plan::Step& step : plan.lane(lane)) {
      if (std::string path = opened_at(plan, step.action, slot); !path.empty()) return path;
    }
  }
  return {};
}

std::string tree_source(const Plan& plan, Slot slot) {
  std::string path = slot_path(plan, slot);
  return path.empty() ? slot_words(plan, slot) : path;
}

std::string braces(const std::vector<std::string>& paths) {
  if (paths.size() < 2) return paths.empty() ? std::string() : paths[0];
  const std::string& first = paths[0];
  std::size_t head = first.size();
  std::size_t tail = first.size();
  for (const std::string& path : paths) {
    head =
        std::min(head, static_cast<std::size_t>(
                           std::mismatch(first.begin(), first.end(), path.begin(), path.end()).first - first.begin()));
    tail = std::min(
        tail, static_cast<std::size_t>(std::mismatch(first.rbegin(), first.rend(), path.rbegin(), path.rend()).first -
                                       first.rbegin()));
  }
  // Whole components only: ".../cpu" and ".../cpuset" share no "cpu".
  head = head == 0 ? std::string::npos : first.rfind('/', head - 1);
  const std::size_t slash = first.find('/', first.size() - tail);
  tail = slash == std::string::npos ? 0 : first.size() - slash;
  if (head == std::string::npos) return join(paths, ", ");
  std::vector<std::string> middles;
  for (const std::string& path : paths) {
    if (path.size() < head + 1 + tail) return join(paths, ", ");  // the ends overlap: "/a/a" and "/a"
    middles.push_back(path.substr(head + 1, path.size() - tail - head - 1));
  }
  return fmt::format("{}{{{}}}{}", first.substr(0, head + 1), join(middles, ","), first.substr(first.size() - tail));
}

std::string describe_briefly(const Plan& plan, const plan::Action& action) {
  // The path of a cgroup's file is long, and whoever is brief goes on to name the call with it.
  if (const auto* write = std::get_if<plan::WriteFile>(&action)) {
    const std::string_view path = plan.view(write->path);
    return fmt::format("write \"{}\" to {}", without_newline(plan.view(write->value)),
                       path.substr(path.rfind('/') + 1));
  }
  return tell_action(plan, action).brief;
}

std::string describe(const Plan& plan, const plan::Action& action) {
  const Words words = tell_action(plan, action);
  return words.brief + words.details;
}

std::string describe(const Plan& plan, const plan::Step& step) { return describe(plan, step.action); }

}  // namespace caisson::explain
