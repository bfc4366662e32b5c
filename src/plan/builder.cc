#include "plan/builder.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <climits>
#include <set>
#include <span>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "host/resource_limits.h"
#include "seccomp/compile.h"
#include "spec/capability.h"
#include "spec/kernel_names.h"
#include "spec/number_list.h"

namespace caisson::plan {

namespace {

struct NamespaceRow {
  spec::NamespaceType type;
  std::uint64_t flag;
  std::string_view file;
};
constexpr std::uint64_t kCloneNewTime = 0x80;  // Linux 5.6; not in <sched.h> of glibc 2.36 under every dialect
constexpr std::array kNamespaceRows = {
    NamespaceRow{spec::NamespaceType::kMount, CLONE_NEWNS, "mnt"},
    NamespaceRow{spec::NamespaceType::kPid, CLONE_NEWPID, "pid"},
    NamespaceRow{spec::NamespaceType::kNetwork, CLONE_NEWNET, "net"},
    NamespaceRow{spec::NamespaceType::kIpc, CLONE_NEWIPC, "ipc"},
    NamespaceRow{spec::NamespaceType::kUts, CLONE_NEWUTS, "uts"},
    NamespaceRow{spec::NamespaceType::kUser, CLONE_NEWUSER, "user"},
    NamespaceRow{spec::NamespaceType::kCgroup, CLONE_NEWCGROUP, "cgroup"},
    NamespaceRow{spec::NamespaceType::kTime, kCloneNewTime, "time"},
};

constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Where `command` may be: itself if it has a slash, else below each directory of PATH. The last PATH wins, as execve's
// environment has it; an empty entry is the working directory (environ(7)).
std::vector<std::string> candidates(std::string_view command, const std::vector<std::string>& environment) {
  if (command.find('/') != std::string_view::npos) return {std::string(command)};
  std::string_view path = kDefaultPath;
  for (const std::string_view variable : environment) {
    if (variable.starts_with("PATH=")) path = variable.substr(5);
  }
  std::vector<std::string> found;
  for (const std::string_view directory : split(path, ':')) {
    found.push_back(std::string(directory.empty() ? "." : directory) + "/" + std::string(command));
  }
  return found;
}

// What a process's environment is: of a variable that is there twice the last, and HOME, which is looked up where
// nobody has said it: the last of all, then, and empty.
std::vector<std::string> environment_of(const std::vector<std::string>& variables) {
  std::vector<std::string> kept;
  std::set<std::string_view> seen;
  bool has_home = false;
  for (auto variable = variables.rbegin(); variable != variables.rend(); ++variable) {
    const std::string_view name = cut(*variable, '=').head;
    if (!seen.insert(name).second || *variable == "HOME=") continue;
    has_home = has_home || name == "HOME";
    kept.push_back(*variable);
  }
  std::reverse(kept.begin(), kept.end());
  if (!has_home) kept.emplace_back("HOME=");
  return kept;
}

// Names to bits; those that validation has let through.
std::uint32_t flag_bits(const std::vector<std::string>& flags, std::span<const spec::KernelName> known) {
  std::uint32_t bits = 0;
  for (const std::string& flag : flags) {
    if (const spec::KernelName* entry = spec::find_name(known, flag)) bits |= entry->number;
  }
  return bits;
}
std::uint32_t number_of(std::string_view name, std::span<const spec::KernelName> known) {
  const spec::KernelName* entry = spec::find_name(known, name);
  return entry == nullptr ? 0 : entry->number;
}

// What the possessor and the owner of a session keyring may do with it: what they may with any, and find it, as further
// processes of the container do (keyctl_setperm(3)).
constexpr std::int64_t kKeyringPermissions = 0x3f1b0000;

constexpr std::string_view kListener = "listener";

// The state of the process as JSON, with gaps for its number.
std::vector<std::string> process_state(const ContainerState& state, std::string_view metadata) {
  std::vector<std::string> annotations;
  for (const auto& [key, value] : state.annotations) annotations.push_back(json_quote(key) + ":" + json_quote(value));
  const std::string own = fmt::format(
      R"("ociVersion":"1.3.0","id":{},"bundle":{},"annotations":{{{}}},"status":"{}","pid":)", json_quote(state.id),
      json_quote(state.bundle), fmt::join(annotations, ","), state.pid == 0 ? "creating" : "running");
  std::vector<std::string> pieces = {R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":)"};
  pieces.push_back(fmt::format(R"(,"metadata":{},"state":{{{})", json_quote(metadata), own));
  if (state.pid == 0) {
    pieces.emplace_back("}}");
  } else {
    pieces.back() += fmt::format("{}}}}}", state.pid);
  }
  return pieces;
}

}  // namespace

std::uint64_t clone_flag(spec::NamespaceType type) { return kNamespaceRows[static_cast<std::size_t>(type)].flag; }
std::string_view namespace_file(spec::NamespaceType type) {
  return kNamespaceRows[static_cast<std::size_t>(type)].file;
}

int limit_number(std::string_view name) {
  for (const ResourceLimitName& row : kResourceLimits) {
    if (row.name == name) return row.number;
  }
  return -1;
}

std::string Builder::label(std::string_view item) const {
  const auto found = request_.origins.find(std::string(item));
  return found == request_.origins.end() ? std::string(item) : found->second;
}

Step& Builder::add(Lane lane, std::string_view item, std::string_view reason, Action action, Undo undo) {
  Step& step = plan_.append(lane, label(item), reason, action);
  step.undo = undo;
  return step;
}

void Builder::streams(const spec::Process& process, Slot root, bool bind_console) {
  if (!process.terminal) {
    const Slot input = plan_.give_slot(kSlotInput);
    const Slot output = plan_.give_slot(kSlotOutput);
    const Slot error = plan_.give_slot(kSlotError);
    add(Lane::kChild, "process", "what it reads and writes is what its caller gives it",
        ConnectStreams{.input = input, .output = output, .error = error, .root = root, .uid = process.user.uid});
    return;
  }
  const Slot terminal = plan_.new_slot(kSlotTerminal);
  const spec::ConsoleSize size = process.console_size.value_or(spec::ConsoleSize{});
  add(Lane::kChild, "process.terminal", "a terminal of the container's own devpts, which cannot reach the caller's",
      Console{.root = root,
              .master = terminal,
              .height = size.height,
              .width = size.width,
              .uid = process.user.uid,
              .bind_console = bind_console,
              .adds_returns = request_.terminal_adds_returns});
  add(Lane::kChild, "process.terminal", "the keeper holds the terminal's other end",
      SendDescriptor{.descriptor = terminal});
}

void Builder::await_launcher() {
  add(Lane::kChild, "process", "nothing it says arrives before the launcher's word about it", Await{Tag::kPrepared});
}

std::string Builder::members_file(const std::string& directory) const {
  const bool unified =
      std::any_of(facts_.hierarchies.begin(), facts_.hierarchies.end(), [&](const CgroupHierarchy& hierarchy) {
        return hierarchy.unified && (directory + "/").starts_with(hierarchy.path + "/");
      });
  return directory + (unified ? "/cgroup.procs" : "/tasks");
}

void Builder::hand_network_over() {
  const Slot network = plan_.new_slot(kSlotOwnNetwork);
  add(Lane::kChild, "linux.namespaces", "who connects it may not open it from outside",
      OpenFile{.path = plan_.add("/proc/self/ns/net"), .flags = O_RDONLY | O_CLOEXEC, .slot = network});
  add(Lane::kChild, "linux.namespaces", "who connects it may not open it from outside",
      SendDescriptor{.descriptor = network});
}

void Builder::await_descriptors(const spec::Process& process) {
  if (has_descriptors_) return;
  has_descriptors_ = true;
  if (const Slot network = plan_.find_slot(kSlotOwnNetwork); network != kNoSlot) {
    add(Lane::kParent, "linux.namespaces", "it is connected before the program starts",
        ReceiveDescriptor{.descriptor = network});
  }
  if (!process.terminal) return;
  add(Lane::kParent, "process.terminal", "the keeper holds the terminal's other end",
      ReceiveDescriptor{.descriptor = plan_.find_slot(kSlotTerminal)});
}

void Builder::await_ready(const spec::Process& process, const std::optional<spec::Seccomp>& seccomp) {
  await_descriptors(process);
  if (const Slot listener = plan_.find_slot(kListener); listener != kNoSlot) {
    const std::string item = "linux.seccomp.listenerPath";
    const Slot received = plan_.new_slot("listener of the filter");
    add(Lane::kParent, item, "who is told of calls has to hear of them", ReceiveDescriptor{.descriptor = received});
    add(Lane::kParent, item, "the one who is told of calls, and answers them",
        SendListener{.path = plan_.add(seccomp->listener_path),
                     .state = plan_.add(process_state(request_.state, seccomp->listener_metadata)),
                     .pid = plan_.find_slot(kSlotPid),
                     .listener = received});
  }
  add(Lane::kParent, "process", "everything before the program itself has worked", Await{Tag::kReady});
}

Result<> Builder::begin(const spec::Process& process, bool in_user_namespace) {
  in_user_namespace_ = in_user_namespace;
  environment_ = environment_of(process.env);
  if (!process.selinux_label.empty() && !facts_.selinux)
    return fail(in(label("process.selinuxLabel"), complaint("SELinux is not enabled on this host")));
  if (process.selinux_label.empty() && !has_profile(process)) return {};
  procfs_ = plan_.new_slot("procfs of the host");
  add(Lane::kParent, process.selinux_label.empty() ? "process.apparmorProfile" : "process.selinuxLabel",
      "where labels are written: not what the image has at /proc",
      OpenFile{.path = plan_.add("/proc"), .flags = O_PATH | O_DIRECTORY, .slot = procfs_});
  return {};
}

// "unconfined" is what every process is where there is no AppArmor.
bool Builder::has_profile(const spec::Process& process) const {
  return !process.apparmor_profile.empty() && (process.apparmor_profile != "unconfined" || facts_.apparmor);
}

void Builder::labels(const spec::Process& process) {
  if (has_profile(process)) {
    add(Lane::kChild, "process.apparmorProfile", "AppArmor confines the program",
        SetLabel{.label = Label::kAppArmor, .value = plan_.add("exec " + process.apparmor_profile), .procfs = procfs_});
  }
  if (!process.selinux_label.empty()) {
    add(Lane::kChild, "process.selinuxLabel", "SELinux confines the program",
        SetLabel{.label = Label::kSelinux, .value = plan_.add(process.selinux_label), .procfs = procfs_});
  }
}

void Builder::keyring(const spec::Process& process) {
  if (!request_.new_keyring) return;
  if (!process.selinux_label.empty()) {
    add(Lane::kChild, "process.selinuxLabel", "its keys are labelled as it is",
        SetLabel{.label = Label::kSelinuxKeys, .value = plan_.add(process.selinux_label), .procfs = procfs_});
  }
  SetAttribute step{.attribute = Attribute::kKeyring};
  if (!request_.state.id.empty()) {
    step.name = plan_.add("_ses." + request_.state.id);
    if (request_.state.pid == 0) step.value = kKeyringPermissions;
  }
  add(Lane::kChild, "process", "keys of the caller's session stay outside", step);
}

void Builder::affinity(std::string_view item, std::string_view list, std::string_view reason) {
  const auto processors = spec::parse_number_list(list, spec::kMostCpus);
  add(Lane::kChild, item, reason,
      SetAffinity{.processors = plan_.add(processors.value_or(std::vector<std::uint32_t>()))});
}

void Builder::oom_score(Lane lane, const spec::Process& process) {
  if (!process.oom_score_adj) return;
  add(lane, "process.oomScoreAdj", "how soon the kernel takes it when memory runs out",
      WriteFile{.path = plan_.add("/proc/self/oom_score_adj"),
                .value = plan_.add(std::to_string(*process.oom_score_adj))});
}

void Builder::scheduling(const spec::Process& process) {
  if (const auto& scheduler = process.scheduler) {
    add(Lane::kChild, "process.scheduler", "when it runs if others want to",
        SetScheduler{.policy = number_of(scheduler->policy, spec::kSchedulerPolicies),
                     .nice = scheduler->nice,
                     .priority = static_cast<std::uint32_t>(scheduler->priority),
                     .flags = flag_bits(scheduler->flags, spec::kSchedulerFlags),
                     .runtime = scheduler->runtime,
                     .deadline = scheduler->deadline,
                     .period = scheduler->period});
  }
  if (const auto& priority = process.io_priority) {
    add(Lane::kChild, "process.ioPriority", "when its input and output are done if others want theirs",
        SetAttribute{.attribute = Attribute::kIoPriority,
                     .which = static_cast<std::int32_t>(number_of(priority->class_, spec::kIoClasses)),
                     .value = priority->priority});
  }
}

void Builder::memory_policy(const spec::MemoryPolicy& policy) {
  const auto nodes = spec::parse_number_list(policy.nodes, spec::kMostNodes);
  add(Lane::kChild, "linux.memoryPolicy", "on which nodes its memory is taken",
      SetMemoryPolicy{.mode = number_of(policy.mode, spec::kMemoryPolicyModes),
                      .flags = flag_bits(policy.flags, spec::kMemoryPolicyFlags),
                      .nodes = plan_.add(nodes.value_or(std::vector<std::uint32_t>()))});
}

void Builder::restrict_files(const std::vector<spec::LandlockRule>& rules) {
  std::vector<std::string> paths;
  std::vector<std::uint32_t> rights;
  for (const spec::LandlockRule& rule : rules) {
    paths.push_back(rule.path);
    rights.push_back(rule.rights);
  }
  add(Lane::kChild, "annotations.caisson.landlock", "files that it does not need are out of its reach",
      RestrictFiles{.paths = plan_.add(paths), .rights = plan_.add(rights)});
}

Result<> Builder::prepare(const spec::Process& process, const Bounds& bounds, bool joins) {
  const auto& seccomp = bounds.seccomp;
  if (joins) {
    add(Lane::kChild, "process", "nobody inside may trace it or look at its files before it executes (CVE-2016-9962)",
        SetAttribute{.attribute = Attribute::kNotDumpable});
  }
  if (process.args.empty() || process.args[0].empty()) {
    return fail(in(label("process.args"), complaint("there is no command to execute")));
  }
  TRY(limits(process));
  add(Lane::kChild, "process.user.umask", "files are made with this mask, not the caller's",
      SetAttribute{.attribute = Attribute::kUmask, .value = process.user.umask.value_or(0022)});
  if (environment_.back() == "HOME=") {
    add(Lane::kChild, "process.env", "programs want to know where their user is at home",
        FindHome{.uid = process.user.uid, .variable = static_cast<std::uint16_t>(environment_.size() - 1)});
  }
  labels(process);
  scheduling(process);
  if (bounds.personality) {
    add(Lane::kChild, "linux.personality", "which kernel it takes this one for",
        SetAttribute{.attribute = Attribute::kPersonality,
                     .value = number_of(bounds.personality->domain, spec::kPersonalityDomains)});
  }
  if (bounds.memory_policy && !bounds.memory_policy->mode.empty()) memory_policy(*bounds.memory_policy);
  if (process.no_new_privileges) {
    add(Lane::kChild, "process.noNewPrivileges", "set-user-id programs and file capabilities give nothing",
        SetAttribute{.attribute = Attribute::kNoNewPrivileges});
  }
  // Loading needs what the change of ids takes, or that new privileges are given up: then it comes as late as it can,
  // so that the filter has to permit little but the program.
  if (seccomp) filter_ = std::make_shared<seccomp::Filter>(TRY_IN(label("linux.seccomp"), seccomp::compile(*seccomp)));
  const bool notifies = filter_ && filter_->notifies();
  const bool late = filter_is_late_ = filter_ && process.no_new_privileges && !bounds.hooks_follow;
  if (request_.wait_for_start) find_program(process);
  // Who is told of calls is known to whoever creates the container, so that such a filter is loaded before the wait.
  if (request_.wait_for_start && notifies && !late) load(*filter_);
  if (request_.wait_for_start && !(notifies && late)) wait_for_start();
  add(Lane::kChild, "process", "no descriptor of the caller's reaches the program (CVE-2024-21626)",
      CloseDescriptors{.from = 3 + request_.preserve_fds});
  const Text directory = plan_.add(process.cwd);
  const bool is_first = request_.state.pid == 0;  // another finds what there is
  add(Lane::kChild, "process.cwd", is_first ? "made if it is missing, while that is allowed" : "while that is allowed",
      ChangeDirectory{.path = directory, .first_try = true, .make = is_first});
  if (bounds.landlock) restrict_files(*bounds.landlock);
  if (filter_ && !late && !(notifies && request_.wait_for_start)) load(*filter_);
  identity(process);
  add(Lane::kChild, "process.cwd", "the program starts here, inside its root", ChangeDirectory{.path = directory});
  if (request_.wait_for_start && notifies && late) {
    load(*filter_);
    wait_for_start();
  }
  return {};
}

void Builder::find_program(const spec::Process& process) {
  // From the working directory that it will have, where that is there already.
  std::vector<std::string> places = candidates(process.args[0], process.env);
  for (std::string& place : places) {
    if (!place.starts_with('/')) place = process.cwd + "/" + place;
  }
  // With root's eyes: where another user may not look, that user's own attempt is what tells.
  if (process.user.uid == 0) {
    add(Lane::kChild, "process.args", "who creates the container hears at once of a program that is not there",
        FindProgram{.candidates = plan_.add(places), .arguments = plan_.add(process.args)});
  }
}

void Builder::wait_for_start() {
  add(Lane::kChild, "process", "created; the program starts when it is told to", Signal{Tag::kReady});
  add(Lane::kChild, "process", "told by another command", AwaitStart{plan_.give_slot(kSlotStart)});
}

spec::State Builder::state(const spec::Config& config, std::string_view status) const {
  return {.oci_version = config.oci_version,
          .id = request_.state.id,
          .status = std::string(status),
          .bundle = request_.state.bundle,
          .annotations = config.annotations};
}

Result<> Builder::hooks(Lane lane, std::string_view name, const std::vector<spec::Hook>& list, const spec::State& state,
                        Slot pid, std::string_view reason, Slot directory) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string item = "hooks." + std::string(name) + "[" + std::to_string(i) + "]";
    TRY(hook(lane, item, list[i], state, pid, reason, directory));
  }
  return {};
}

Result<> Builder::hook(Lane lane, std::string_view item, const spec::Hook& hook, const spec::State& state, Slot pid,
                       std::string_view reason, Slot directory) {
  if (hook.args.size() + hook.env.size() > kMostHookWords)
    return fail(in(label(item), complaint("more than " + std::to_string(kMostHookWords) + " arguments and variables")));
  const spec::StateText text = spec::write_state(state);
  const bool has_pid = state.status != "stopped";
  add(lane, item, reason,
      RunHook{.path = plan_.add(hook.path),
              .directory = directory,
              .arguments = plan_.add(hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args),
              .environment = plan_.add(hook.env),
              .before_pid = plan_.add(has_pid ? text.before_pid : text.without_pid),
              .after_pid = plan_.add(has_pid ? text.after_pid : ""),
              .pid = pid,
              .timeout_s =
                  static_cast<std::uint32_t>(std::min<std::int64_t>(hook.timeout_s.value_or(0), INT32_MAX / 1000))});
  return {};
}

void Builder::load(const seccomp::Filter& filter) {
  LoadFilter step{.instructions = plan_.add(filter.instructions), .flags = filter.flags};
  if (filter.notifies()) step.listener = plan_.new_slot(kListener);
  add(Lane::kChild, "linux.seccomp", "system calls that it does not need are out of its reach", step);
  if (filter.notifies()) {
    add(Lane::kChild, "linux.seccomp.listenerPath", "who is told of calls has to hear of them",
        SendDescriptor{.descriptor = step.listener});
  }
}

bool Builder::raises(const spec::Rlimit& limit) const {
  const auto present = facts_.limits.find(limit.type);
  return present != facts_.limits.end() && limit.hard > present->second.hard;
}

Result<> Builder::limit(const spec::Process& process, std::size_t index, Lane lane, Slot pid) {
  const spec::Rlimit& limit = process.rlimits[index];
  const std::string item = "process.rlimits[" + std::to_string(index) + "]";
  const int number = limit_number(limit.type);
  if (number < 0) return fail(in(label(item), complaint("no such resource limit: '" + limit.type + "'")));
  add(lane, item,
      lane == Lane::kChild ? "a bound of the process itself, kept over execution"
                           : "nobody in a user namespace may raise what the host's root may",
      SetAttribute{.attribute = Attribute::kLimit,
                   .which = number,
                   .value = static_cast<std::int64_t>(limit.soft),
                   .second = static_cast<std::int64_t>(limit.hard),
                   .pid = pid},
      lane == Lane::kChild ? Undo::kNone : Undo::kInside);
  return {};
}

Result<> Builder::raise_limits(const spec::Process& process, Slot pid) {
  parent_raises_limits_ = facts_.may(CAP_SYS_RESOURCE);
  for (std::size_t i = 0; parent_raises_limits_ && i < process.rlimits.size(); ++i) {
    if (raises(process.rlimits[i])) TRY(limit(process, i, Lane::kParent, pid));
  }
  return {};
}

Result<> Builder::limits(const spec::Process& process) {
  for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
    if (!parent_raises_limits_ || !raises(process.rlimits[i])) TRY(limit(process, i, Lane::kChild, kNoSlot));
  }
  return {};
}

// In another user namespace than the caller's a process begins with every capability there.
std::uint64_t Builder::grantable() const {
  return in_user_namespace_ ? spec::all_capabilities() : facts_.effective_capabilities & facts_.bounding_capabilities;
}

// config.md "Linux Process": what cannot be granted is a warning.
spec::Capabilities Builder::granted(const spec::Capabilities& asked) {
  const std::uint64_t may = grantable();
  const std::uint64_t all = asked.bounding | asked.effective | asked.inheritable | asked.permitted | asked.ambient;
  if ((all & ~may) != 0) {
    plan_.warn(label("process.capabilities") + ": " + join(spec::capability_names(all & ~may), ", ") +
               ": left out, for whoever starts the container does not have it to give");
  }
  return {.bounding = asked.bounding & may,
          .effective = asked.effective & may,
          .inheritable = asked.inheritable & may,
          .permitted = asked.permitted & may,
          // What is not permitted and inheritable cannot be ambient (capabilities(7)); runc's default config asks for
          // it in vain.
          .ambient = asked.ambient & asked.permitted & asked.inheritable & may};
}

void Builder::identity(const spec::Process& process) {
  SetIds ids{.uid = process.user.uid, .gid = process.user.gid, .groups = plan_.add(process.user.additional_gids)};
  ids.set_groups = request_.set_groups;
  if (process.capabilities) {
    const spec::Capabilities sets = granted(*process.capabilities);
    ids.bounding = sets.bounding;
    ids.effective = sets.effective;
    ids.permitted = sets.permitted;
    ids.inheritable = sets.inheritable;
    ids.ambient = sets.ambient;
  } else {
    ids.set_capabilities = false;
  }
  add(Lane::kChild, process.capabilities ? "process.capabilities" : "process.user",
      "the user it runs as, and what of root's power it keeps", ids);
  if (request_.death_signal != 0) {
    // Becoming another user takes it off again, so it comes last (PR_SET_PDEATHSIG(2const)). Whoever's parent has died
    // by then is told so by the message that follows.
    add(Lane::kChild, "process", "it does not outlive its keeper",
        SetAttribute{.attribute = Attribute::kDeathSignal, .value = request_.death_signal});
  }
}

Result<> Builder::execute(const spec::Process& process) {
  const bool late = filter_is_late_;
  if (late && filter_->notifies() && !request_.wait_for_start) load(*filter_);
  if (!request_.wait_for_start) add(Lane::kChild, "process", "all that is left is the program", Signal{Tag::kReady});
  if (late && !filter_->notifies()) load(*filter_);
  add(Lane::kChild, "process.args", "the program",
      Exec{.candidates = plan_.add(candidates(process.args[0], process.env)),
           .arguments = plan_.add(process.args),
           .environment = plan_.add(environment_)});
  return {};
}

}  // namespace caisson::plan
