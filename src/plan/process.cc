// The plan of a further process: exec and enter.
#include <fcntl.h>
#include <sched.h>

#include <algorithm>

#include "plan/builder.h"

namespace caisson::plan {

namespace {

// From inside, the host's cgroup files cannot be reached: the parent opens them, the child writes to them.
void join_cgroups(Builder& builder, const std::vector<std::string>& directories) {
  if (directories.empty()) return;
  Slot first = kNoSlot;
  for (const std::string& directory : directories) {
    const std::string file = builder.members_file(directory);
    const Slot slot = builder.plan().new_slot(file);
    if (first == kNoSlot) first = slot;
    builder.add(Lane::kParent, "linux.cgroupsPath", "the process counts against the container's limits",
                OpenFile{.path = builder.plan().add(file), .flags = O_WRONLY, .slot = slot});
  }
  builder.add(Lane::kChild, "linux.cgroupsPath", "the process counts against the container's limits",
              AttachCgroup{.first = first, .count = static_cast<std::uint8_t>(directories.size())});
}

// From a cgroup that is not the user's own nobody but systemd may take a process away.
void join_unit(Builder& builder, const std::string& unit, Slot pid) {
  Plan& plan = builder.plan();
  builder.add(Lane::kParent, "linux.cgroupsPath", "the process counts against the container's limits",
              AskSystemd{.program = plan.add(builder.request().systemd_program),
                         .unit = plan.add(unit),
                         .request = plan.add(std::vector<std::string>{"attach", unit, ""}),
                         .pid = pid},
              Undo::kInside);
}

std::uint64_t joined_flags(const Target& target) {
  std::uint64_t flags = 0;
  for (const spec::NamespaceType type : target.namespaces) flags |= clone_flag(type);
  return flags;
}

}  // namespace

void inherit(const spec::Config& config, Target& target) {
  target.seccomp = config.linux_.seccomp;
  target.personality = config.linux_.personality;
  target.memory_policy = config.linux_.memory_policy;
  target.landlock = spec::read_landlock(config.annotations);
}

Result<Plan> plan_process(const spec::Process& process, const Target& target, const HostFacts& facts,
                          const Request& request) {
  Builder builder(facts, request);
  Plan& plan = builder.plan();
  const std::uint64_t flags = joined_flags(target);
  const Slot pid = plan.new_slot(kSlotPid);
  const Slot pidfd = plan.new_slot(kSlotPidfd);

  TRY(builder.begin(process, (flags & CLONE_NEWUSER) != 0));
  if (!request.set_groups && !process.user.additional_gids.empty()) {
    plan.warn(builder.label("process.user.additionalGids") +
              ": left out, for the groups of whoever starts it are kept, or cannot be changed in its user namespace");
  }
  if (flags != 0) builder.await_launcher();
  const spec::CpuAffinity bound = process.exec_cpu_affinity.value_or(spec::CpuAffinity());
  const std::string item = "process.execCPUAffinity";
  if (!bound.initial.empty()) builder.affinity(item, bound.initial, "what it runs on until it is in the cgroup");
  if (target.systemd_unit.empty()) join_cgroups(builder, target.cgroup_directories);
  if (!bound.final_.empty()) builder.affinity(item, bound.final_, "what it runs on from there on");
  if (bound.initial.empty() && bound.final_.empty() && request.new_session)
    builder.affinity("process", "", "it runs on what its cgroup has, whatever the caller was bound to");
  Slot root = kNoSlot;
  if (!target.root.empty()) {
    root = plan.new_slot("root directory of the process");
    builder.add(Lane::kParent, "root", "the process's own root, which may lie below its mount namespace's",
                OpenFile{.path = plan.add(target.root), .flags = O_PATH | O_DIRECTORY, .slot = root});
  }
  if (request.new_session) {
    builder.add(Lane::kChild, "process", "a session of its own: signals of the caller's terminal stay outside",
                SetAttribute{.attribute = Attribute::kNewSession});
  }

  // A pid namespace is entered by a child of whoever joined it, so a launcher joins and clones.
  if (flags != 0) {
    const Slot joined = plan.give_slot(kSlotTarget);
    const Slot launcher = plan.new_slot("pid of the launcher");
    const Slot launcher_pidfd = plan.new_slot("pidfd of the launcher");
    builder.add(Lane::kParent, "namespaces", "enters the namespaces, so that this process need not",
                Spawn{.lane = Lane::kLauncher, .pid = launcher, .pidfd = launcher_pidfd}, Undo::kKill);
    builder.oom_score(Lane::kLauncher, process);
    // From before it is inside: its child is as it is. An ordinary user's own files in procfs would be root's then.
    if (!builder.facts().is_ordinary_user()) {
      builder.add(Lane::kLauncher, "process", "nobody inside may trace it or look at its files (CVE-2016-9962)",
                  SetAttribute{.attribute = Attribute::kNotDumpable});
    }
    builder.add(Lane::kLauncher, "namespaces", "all of them in one call, so that none is another process's",
                JoinNamespace{.flags = flags, .descriptor = joined});
    builder.add(Lane::kLauncher, "process", "born inside, as a child of this command",
                Spawn{.lane = Lane::kChild, .flags = CLONE_PARENT, .pid = pid, .pidfd = pidfd}, Undo::kKill);
    builder.add(Lane::kLauncher, "process", "", SendDescriptor{.descriptor = pidfd, .value = pid});
    builder.add(Lane::kParent, "process", "the new process, known by its pidfd",
                ReceiveDescriptor{.descriptor = pidfd, .value = pid, .sender = launcher_pidfd}, Undo::kKill);
    if ((flags & CLONE_NEWUSER) != 0) TRY(builder.raise_limits(process, pid));
    if (!target.systemd_unit.empty()) join_unit(builder, target.systemd_unit, pid);
    builder.add(Lane::kParent, "process", "", Signal{Tag::kPrepared});
  } else {
    builder.oom_score(Lane::kChild, process);
    builder.add(Lane::kParent, "process", "the new process", Spawn{.lane = Lane::kChild, .pid = pid, .pidfd = pidfd},
                Undo::kKill);
  }
  if (request.new_session && !request.state.id.empty()) builder.keyring(process);
  if (root != kNoSlot)
    builder.add(Lane::kChild, "root", "its root, where that is not the top of its mount namespace", ChangeRoot{root});

  builder.streams(process, kNoSlot, false);
  TRY(builder.prepare(process, {target.seccomp, target.personality, target.memory_policy, target.landlock},
                      flags != 0));
  TRY(builder.execute(process));
  builder.await_ready(process, target.seccomp);
  return std::move(plan);
}

}  // namespace caisson::plan
