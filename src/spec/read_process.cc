#include "spec/capability.h"
#include "spec/read.h"

namespace caisson::spec {

namespace {

void read_user(Fields& fields, User& user) {
  fields.read("uid", user.uid);
  fields.read("gid", user.gid);
  fields.read("umask", user.umask);
  fields.read("additionalGids", user.additional_gids);
  fields.unsupported("username");  // Windows only
}

// A name that this kernel's headers do not have is a warning (config.md "Linux Process"): the capability cannot be
// granted.
void read_capability_set(Fields& fields, std::string_view key, std::uint64_t& set) {
  fields.each(key, [&](const Json& element, const std::string& pointer) {
    std::string name;
    fields.take(element, pointer, name);
    if (name.empty()) return;
    if (const std::optional<int> number = capability_number(name)) {
      set |= capability_bit(*number);
    } else {
      fields.warn(pointer, fmt::format("unknown capability '{}' is left out", name));
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
  for (const char* key : {"scheduler", "ioPriority", "execCPUAffinity", "commandLine"}) fields.unsupported(key);
}

}  // namespace caisson::spec
