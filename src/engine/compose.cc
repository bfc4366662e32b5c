#include "engine/compose.h"

#include <bit>

#include <fmt/format.h>

#include "engine/compose_topics.h"

namespace caisson::engine {

namespace {

// What would be lost if one of two were silently dropped.
Result<> check_contradictions(const Composing& c) {
  const RunOptions& o = c.options;
  if (o.init && o.pid.kind != NamespaceKind::kPrivate) {
    return fail(complaint(
        fmt::format("{} and {} exclude each other: the init program has to be the first process of a PID namespace",
                    c.typed("init"), c.typed("pid"))));
  }
  if (o.remove && o.restart.when != RestartWhen::kNo) {
    return fail(complaint(fmt::format("{} and {} exclude each other: with its end it is removed, or starts again",
                                      c.typed("restart"), c.typed("rm"))));
  }
  if (o.no_hosts && !o.hosts.empty()) {
    return fail(complaint(fmt::format("{} and {} exclude each other", c.typed("no-hosts"), c.typed("add-host"))));
  }
  if (!o.init && !o.init_path.empty()) return fail(in(c.typed("init-path"), complaint("it is for --init")));
  if (!o.read_only && !o.read_only_tmpfs)
    return fail(in(c.typed("read-only-tmpfs"), complaint("it is for --read-only")));
  if (o.network.kind == NamespaceKind::kContainer) {
    for (const std::string_view option : {"add-host", "dns", "dns-search", "dns-option"}) {
      if (!o.typed.contains(std::string(option))) continue;
      return fail(complaint(fmt::format("{} and {} exclude each other: names belong to the network that is shared",
                                        c.typed(option), c.typed("network"))));
    }
  }
  return {};
}

void warn_of_privileges(const Composing& c) {
  if (!c.options.privileged) return;
  if (c.around.facts.is_ordinary_user()) {
    c.out.warnings.emplace_back(
        "--privileged gives up the bounds of the container's root, the hidden and read-only parts of /proc and /sys, "
        "and the filter of system calls: what runs in this container can do whatever this user may");
    return;
  }
  const std::optional<spec::Capabilities>& held = c.config().process.capabilities;
  c.out.warnings.push_back(fmt::format(
      "--privileged gives up the bounds of root's power ({} capabilities instead of 11), the rules for devices (all "
      "of the host's are there), the hidden and read-only parts of /proc and /sys, and the filter of system calls: "
      "what runs in this container can take over the host",
      held ? std::popcount(held->bounding) : 0));
}

}  // namespace

std::string Composing::typed(std::string_view option) const {
  const auto found = options.typed.find(std::string(option));
  return found == options.typed.end() ? fmt::format("--{}", option) : found->second;
}

void Composing::origin(std::string item, std::string_view option) const {
  const auto found = options.typed.find(std::string(option));
  if (found != options.typed.end()) out.origins[std::move(item)] = found->second;
}

Result<Composed> compose(const RunOptions& options, const Surroundings& surroundings) {
  Composed composed;
  const Composing c{options, surroundings, composed};
  TRY(check_contradictions(c));
  TRY(check_log_choice(options.log));

  composed.is_system = runs_init_system(options, arguments_of(options, surroundings.image));
  TRY(compose_root(c));
  TRY(compose_mounts(c));

  TRY(compose_command(c));
  compose_environment(c);
  compose_identity(c);
  compose_personality(c);
  TRY(compose_capabilities(c));
  compose_ulimits(c);

  TRY(compose_namespaces(c));
  TRY(compose_names(c));
  compose_hidden_paths(c);
  TRY(compose_sysctls(c));
  TRY(compose_seccomp(c));

  TRY(compose_memory(c));
  TRY(compose_cpu(c));
  compose_other_limits(c);
  TRY(compose_block_io(c));
  compose_cgroup(c);
  TRY(compose_devices(c));
  compose_delegation(c);

  composed.config.annotations = options.annotations;
  compose_labels(c);
  compose_stop_signal(c);
  TRY(compose_systemd(c));
  composed.health =
      TRY(choose_health(options.health, surroundings.image ? surroundings.image->defaults.healthcheck : std::nullopt));
  warn_of_privileges(c);
  return composed;
}

Result<spec::Resources> compose_limits(const RunOptions& options, const Surroundings& surroundings) {
  Composed composed;
  const Composing c{options, surroundings, composed};
  TRY(compose_memory(c));
  TRY(compose_cpu(c));
  compose_other_limits(c);
  TRY(compose_block_io(c));
  return composed.config.linux_.resources;
}

}  // namespace caisson::engine
