#include "spec/capability.h"
#include "spec/read.h"

namespace caisson::spec {

namespace {

void read_user(Fields& fields, User& user) {
  fields.read("uid", user.uid);
  fields.read("gid", user.gid);
  fields.read("umask", user.umask);
  fields.read("additionalGids", user.additional_gids);
  std::string for_windows;
  fields.read("username", for_windows);
}

// A name that this kernel's headers do not have is a warning (config.md "Linux Process"): the capability cannot be
// granted.
void read_capability_set(Fields& fields, std::string_view key, std::uint64_t& set) {
  fields.each(key, [&](const Json& element, const Place& place) {
    std::string name;
    fields.take(element, place, name);
    if (name.empty()) return;
    if (const std::optional<int> number = capability_number(name)) {
      set |= capability_bit(*number);
    } else {
      fields.warn(place, fmt::format("unknown capability '{}' is left out", name));
    }
  });
}

void read_capabilities(Fields& fields, Capabilities& sets) {
  read_capability_set(fields, "bounding", sets.bounding);
  read_capability_set(fields, "effective", sets.effective);
  read_capability_set(fields, "inheritable", sets.inheritable);
  read_capability_set(fields, "permitted", sets.permitted);
  read_capability_set(fields, "ambient", sets.ambient);
}

void read_limit(Fields& fields, Rlimit& limit) {
  fields.require("type", limit.type);
  fields.require("soft", limit.soft);
  fields.require("hard", limit.hard);
}

void read_scheduler(Fields& fields, Scheduler& scheduler) {
  fields.require("policy", scheduler.policy);
  fields.read("nice", scheduler.nice);
  fields.read("priority", scheduler.priority);
  fields.read("flags", scheduler.flags);
  fields.read("runtime", scheduler.runtime);
  fields.read("deadline", scheduler.deadline);
  fields.read("period", scheduler.period);
}

void read_io_priority(Fields& fields, IoPriority& priority) {
  fields.require("class", priority.class_);
  fields.read("priority", priority.priority);
}

void read_cpu_affinity(Fields& fields, CpuAffinity& affinity) {
  fields.read("initial", affinity.initial);
  fields.read("final", affinity.final_);
}

}  // namespace

void read_process(Fields& fields, Process& process) {
  fields.read("terminal", process.terminal);
  fields.object("consoleSize", [&](Fields& size) {
    process.console_size.emplace();
    size.require("height", process.console_size->height);
    size.require("width", process.console_size->width);
  });
  fields.object("user", [&](Fields& user) { read_user(user, process.user); });
  fields.read("args", process.args);
  fields.read("env", process.env);
  fields.require("cwd", process.cwd);
  fields.object("capabilities", [&](Fields& sets) { read_capabilities(sets, process.capabilities.emplace()); });
  fields.list("rlimits", process.rlimits, read_limit);
  fields.read("noNewPrivileges", process.no_new_privileges);
  fields.read("apparmorProfile", process.apparmor_profile);
  fields.read("selinuxLabel", process.selinux_label);
  fields.read("oomScoreAdj", process.oom_score_adj);
  fields.object("scheduler", [&](Fields& scheduler) { read_scheduler(scheduler, process.scheduler.emplace()); });
  fields.object("ioPriority", [&](Fields& priority) { read_io_priority(priority, process.io_priority.emplace()); });
  fields.object("execCPUAffinity",
                [&](Fields& affinity) { read_cpu_affinity(affinity, process.exec_cpu_affinity.emplace()); });
  fields.unsupported("commandLine");  // Windows only
}

}  // namespace caisson::spec
