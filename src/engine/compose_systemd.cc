// Containers whose first process is an init system of a whole Linux: what systemd asks of whoever starts it
// (systemd.io/CONTAINER_INTERFACE), as podman's --systemd gives it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/compose_mount_parts.h"
#include "engine/compose_topics.h"
#include "engine/defaults.h"

namespace caisson::engine {

namespace {

constexpr std::array<std::string_view, 3> kInitPrograms = {"/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init"};
constexpr std::string_view kNamedHierarchy = "name=systemd";

bool is_init_system(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return name == "systemd" || std::ranges::find(kInitPrograms, program) != kInitPrograms.end();
}

bool has_own_processes(const RunOptions& options) {
  return options.pid.kind == NamespaceKind::kPrivate && !options.init;
}

}  // namespace

bool runs_init_system(const RunOptions& options, const std::vector<std::string>& command) {
  switch (options.systemd) {
    case SystemdMode::kNever: return false;
    case SystemdMode::kAlways: return true;
    case SystemdMode::kDetected: return has_own_processes(options) && !command.empty() && is_init_system(command[0]);
  }
  return false;
}

Result<> compose_systemd(const Composing& c) {
  if (!c.out.is_system) return {};
  if (!has_own_processes(c.options)) {
    return fail(in(c.typed("systemd"), complaint("it has to be the first process of a PID namespace of its own, which "
                                                 "--pid and --init do without")));
  }
  if (c.options.cgroupns.kind != NamespaceKind::kPrivate)
    return fail(in(c.typed("cgroupns"), complaint("systemd has to see its own cgroup as the top", "--systemd=false")));
  const HostFacts& facts = c.around.facts;
  if (facts.cgroup_mode == CgroupMode::kV2) {
    if (!facts.hierarchies.front().is_writable) {
      return fail(complaint(fmt::format("systemd needs a cgroup of its own, and none can be made in {}",
                                        facts.hierarchies.front().place()),
                            "systemd-run --user --scope caisson run …"));
    }
  } else {
    const CgroupHierarchy* named = facts.hierarchy(kNamedHierarchy);
    const std::string_view lacking =
        named == nullptr ? "systemd needs cgroup v2, or v1's hierarchy name=systemd, which this host has not"
        : c.user_namespace().own
            ? "systemd in a user namespace needs cgroup v2: of v1's hierarchies none can be given to another user"
        : !named->is_writable ? "systemd needs a cgroup of its own, and none can be made in the hierarchy name=systemd"
                              : "";
    if (!lacking.empty())
      return fail(complaint(std::string(lacking), "--systemd=false runs it without what it asks for"));
  }
  set_variable(c.config().process.env, "container_uuid", c.around.id.substr(0, 32));
  const bool image_says = c.around.image && !c.around.image->defaults.stop_signal.empty();
  if (!c.options.stop_signal && !image_says) c.out.stop_signal = kSystemdHalt;
  return {};
}

void add_system_mounts(const Composing& c, Entries& entries) {
  if (!c.out.is_system) return;
  const auto add = [&](std::string destination, std::vector<std::string> options) {
    if (std::ranges::any_of(entries, [&](const Entry& entry) { return entry.mount.destination == destination; }))
      return;
    options.insert(options.end(), {"rw", "nosuid", "nodev", "rprivate"});
    entries.push_back({mount_of(std::move(destination), "tmpfs", "tmpfs", std::move(options)), c.typed("systemd")});
  };
  add("/run", {"mode=755"});
  add("/run/lock", {"mode=1777"});
  add("/tmp", {"mode=1777"});
}

}  // namespace caisson::engine
