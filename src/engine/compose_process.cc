// The container's first process: command, environment, user, capabilities, limits of its own.
#include <linux/capability.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/compose_topics.h"
#include "engine/defaults.h"
#include "spec/capability.h"

namespace caisson::engine {

void set_variable(std::vector<std::string>& env, std::string_view name, std::string_view value) {
  const std::string start = fmt::format("{}=", name);
  const auto known =
      std::find_if(env.begin(), env.end(), [&](const std::string& entry) { return entry.starts_with(start); });
  if (known != env.end()) {
    *known = start + std::string(value);
  } else {
    env.push_back(start + std::string(value));
  }
}

namespace {

// An init other than systemd ends by reboot(2), which ends its PID namespace and nothing else. The same capability is
// for kexec_load(2), which the default filter of system calls keeps from it.
std::uint64_t capabilities_to_halt(const Composing& c) {
  const bool has_default_filter = !c.options.security.seccomp_unconfined && c.options.security.seccomp_profile.empty();
  return c.out.is_system && has_default_filter ? spec::capability_bit(CAP_SYS_BOOT) : 0;
}

// What the options leave of the capabilities that the caller can give at all.
Result<std::uint64_t> bounding_set(const Composing& c) {
  const std::uint64_t available = c.around.facts.bounding_capabilities;
  const CapabilityChoice& add = c.options.cap_add;
  const CapabilityChoice& drop = c.options.cap_drop;
  if (add.all && drop.all) return fail(complaint("--cap-add ALL and --cap-drop ALL exclude each other"));
  if (const std::uint64_t both = add.mask & drop.mask; both != 0 && !add.all && !drop.all) {
    return fail(complaint(fmt::format("{} is both added and dropped", spec::capability_names(both).front())));
  }
  if (const std::uint64_t missing = add.mask & ~available; missing != 0) {
    return fail(in(c.typed("cap-add"),
                   complaint(fmt::format("{} is not in the bounding set of this command itself",
                                         spec::capability_names(missing).front()),
                             "nobody can give what they do not have; grep CapBnd /proc/self/status shows the set")));
  }
  if (drop.all) return add.mask;
  const bool everything = add.all || c.options.privileged;
  const std::uint64_t base =
      everything ? available : ((default_capabilities() | capabilities_to_halt(c)) & available) | add.mask;
  return base & ~drop.mask;
}

}  // namespace

Result<> compose_command(const Composing& c) {
  spec::Process& process = c.config().process;
  process.terminal = c.options.tty;
  if (c.options.tty) process.console_size = c.around.console_size;
  process.args = arguments_of(c.options, c.around.image);
  if (process.args.empty() && c.around.image)
    return fail(
        complaint("no command is given, and the image's config names none", "as in: caisson run IMAGE COMMAND"));
  if (process.args.empty()) process.args.emplace_back(kDefaultShell);
  if (process.args[0].empty()) return fail(complaint("the command is empty"));
  c.out.origins["process.args"] = fmt::format("command {}", shell_quote(process.args[0]));

  if (c.options.init) process.args.insert(process.args.begin(), {std::string(kInitPath), "--"});
  process.cwd = working_directory(c);
  c.origin("process.cwd", "workdir");
  c.origin("process.terminal", "tty");
  return {};
}

// From the weakest to the strongest: what every container has, the caller's, its proxies, the image's, files, single
// variables. Those of the last two are never unset.
void compose_environment(const Composing& c) {
  std::vector<std::string>& env = c.config().process.env;
  set_variable(env, "PATH", kDefaultPath);
  if (c.options.tty) set_variable(env, "TERM", "xterm");
  set_variable(env, "container", "caisson");
  const std::string hostname = container_hostname(c.options, c.around);
  if (!hostname.empty()) set_variable(env, "HOSTNAME", hostname);
  set_variable(env, "HOME", c.around.account.home);
  if (c.options.host_environment) {
    for (const auto& [name, value] : c.around.environment) set_variable(env, name, value);
  }
  for (const std::string_view name : kProxyVariables) {
    if (!c.options.proxy_variables) break;
    const auto found = c.around.environment.find(std::string(name));
    if (found != c.around.environment.end()) set_variable(env, name, found->second);
  }
  add_image_environment(c);
  std::erase_if(env, [&](const std::string& entry) {
    return c.options.unset_all_variables ||
           std::ranges::find(c.options.unset_variables, cut(entry, '=').head) != c.options.unset_variables.end();
  });
  for (const EnvironmentVariable& variable : c.options.env_files) set_variable(env, variable.name, variable.value);
  for (const EnvironmentVariable& variable : c.options.env) set_variable(env, variable.name, variable.value);
}

void compose_identity(const Composing& c) {
  spec::Process& process = c.config().process;
  const Account& account = c.around.account;
  process.user = {.uid = account.uid,
                  .gid = account.gid,
                  .umask = c.options.umask.value_or(kDefaultUmask),
                  .additional_gids = account.groups};
  // Groups that the image gives the user, where this user namespace has them.
  if (c.options.groups.empty()) {
    std::erase_if(process.user.additional_gids, [&](std::uint32_t gid) { return !c.user_namespace().has_group(gid); });
  }
  process.no_new_privileges = c.options.security.no_new_privileges;
  process.oom_score_adj = c.options.oom_score_adj;
  c.origin("process.user", "user");
  c.origin("process.user.umask", "umask");
  c.origin("process.noNewPrivileges", "security-opt");
  c.origin("process.oomScoreAdj", "oom-score-adj");
}

void compose_personality(const Composing& c) {
  if (c.options.personality.empty()) return;
  c.config().linux_.personality = spec::Personality{.domain = c.options.personality, .flags = {}};
  c.origin("linux.personality.domain", "personality");
}

// Root uses what its bounding set holds. Another user has only what was added for it by name, and keeps that over
// execve.
Result<> compose_capabilities(const Composing& c) {
  spec::Capabilities sets;
  sets.bounding = TRY(bounding_set(c));
  if (c.around.account.uid == 0) {
    sets.effective = sets.permitted = sets.bounding;
  } else {
    const std::uint64_t added = c.options.cap_add.all ? sets.bounding : c.options.cap_add.mask & sets.bounding;
    sets.effective = sets.permitted = sets.inheritable = sets.ambient = added;
  }
  c.config().process.capabilities = sets;

  std::vector<std::string> origin;
  for (const std::string_view option : {"user", "privileged", "cap-add", "cap-drop"}) {
    const auto found = c.options.typed.find(std::string(option));
    if (found != c.options.typed.end()) origin.push_back(found->second);
  }
  if (!origin.empty()) c.out.origins["process.capabilities"] = join(origin, " ");
  return {};
}

// Defaults are lowered to what the host allows; what was asked for is left as it is, and fails if it cannot be had.
void compose_ulimits(const Composing& c) {
  if (c.options.host_ulimits) return;
  std::vector<spec::Rlimit>& limits = c.config().process.rlimits;
  const bool may_raise = c.around.facts.may(CAP_SYS_RESOURCE);
  for (const std::string type : {"RLIMIT_NOFILE", "RLIMIT_NPROC"}) {
    std::uint64_t value = kDefaultLimit;
    const auto host = c.around.facts.limits.find(type);
    if (!may_raise && host != c.around.facts.limits.end()) value = std::min(value, host->second.hard);
    limits.push_back({.type = type, .soft = value, .hard = value});
  }
  for (const Ulimit& ulimit : c.options.ulimits) {
    std::string type = "RLIMIT_" + ulimit.name;
    for (char& letter : type) letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
    auto place =
        std::find_if(limits.begin(), limits.end(), [&](const spec::Rlimit& limit) { return limit.type == type; });
    if (place == limits.end()) place = limits.insert(limits.end(), spec::Rlimit{});
    *place = {.type = type, .soft = ulimit.soft, .hard = ulimit.hard};
    c.out.origins[fmt::format("process.rlimits[{}]", place - limits.begin())] = ulimit.typed;
  }
}

}  // namespace caisson::engine
