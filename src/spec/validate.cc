#include "spec/validate.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "spec/capability.h"
#include "spec/validation.h"

namespace caisson::spec {

namespace {

// "1.0.2", "1.2.0-rc.1+dev"
bool is_version(std::string_view text) {
  const std::vector<std::string_view> numbers = split(text.substr(0, text.find_first_of("-+")), '.');
  return numbers.size() == 3 &&
         std::all_of(numbers.begin(), numbers.end(), [](auto n) { return parse_unsigned(n).has_value(); });
}

void version_and_root(const Config& config, Validation& validation) {
  if (!is_version(config.oci_version)) {
    validation.error("/ociVersion", fmt::format("'{}' is not a version as in \"1.3.0\"", config.oci_version));
  } else if (!config.oci_version.starts_with("1.")) {
    validation.warn("/ociVersion", fmt::format("version {} is taken for 1.3.0", config.oci_version));
  }
  const bool replaced =
      std::any_of(config.mounts.begin(), config.mounts.end(), [](const Mount& m) { return m.destination == "/"; });
  if (config.root.path.empty() && !replaced) validation.error("/root/path", "missing");
  for (const auto& [key, value] : config.annotations) {
    if (key.empty()) validation.error("/annotations", "a key is empty");
  }
  validation.landlock();
}

// The options decide; the type alone says it too, as crun has it.
bool is_bind(const Mount& mount) {
  return mount.type == "bind" || mount.type == "rbind" ||
         std::any_of(mount.options.begin(), mount.options.end(),
                     [](const std::string& o) { return o == "bind" || o == "rbind"; });
}

}  // namespace

bool is_limit_name(std::string_view name) {
  constexpr std::array<std::string_view, 16> kNames = {
      "RLIMIT_AS",      "RLIMIT_CORE",     "RLIMIT_CPU",        "RLIMIT_DATA",   "RLIMIT_FSIZE", "RLIMIT_LOCKS",
      "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE",       "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS",
      "RLIMIT_RTPRIO",  "RLIMIT_RTTIME",   "RLIMIT_SIGPENDING", "RLIMIT_STACK"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::string_view namespace_word(NamespaceType type) {
  switch (type) {
    case NamespaceType::kMount: return "mount";
    case NamespaceType::kPid: return "pid";
    case NamespaceType::kNetwork: return "network";
    case NamespaceType::kIpc: return "ipc";
    case NamespaceType::kUts: return "uts";
    case NamespaceType::kUser: return "user";
    case NamespaceType::kCgroup: return "cgroup";
    case NamespaceType::kTime: return "time";
  }
  return "";
}

bool has_namespace(const Config& config, NamespaceType type) {
  const auto& list = config.linux_.namespaces;
  return std::any_of(list.begin(), list.end(), [type](const Namespace& n) { return n.type == type; });
}

bool has_dot_dot(std::string_view path) {
  const std::vector<std::string_view> components = split(path, '/');
  return std::find(components.begin(), components.end(), "..") != components.end();
}

bool is_plain_absolute(std::string_view path) {
  return path.starts_with('/') && !has_dot_dot(path) && path.find('\n') == std::string_view::npos &&
         path.find('\0') == std::string_view::npos;
}

void Validation::process() {
  const Process& process = config_.process;
  if (process.args.empty()) {
    error("/process/args", "missing: there is nothing to run");
  } else if (process.args[0].empty()) {
    error("/process/args/0", "empty: there is nothing to run");
  }
  if (!process.cwd.starts_with('/')) error("/process/cwd", fmt::format("'{}' is not an absolute path", process.cwd));
  for (std::size_t i = 0; i < process.env.size(); ++i) {
    if (process.env[i].find('=', 1) == std::string::npos || process.env[i].starts_with('=')) {
      error(below("/process/env", i), fmt::format("'{}' is not NAME=VALUE", process.env[i]));
    }
  }
  const std::int64_t score = process.oom_score_adj.value_or(0);
  if (score < -1000 || score > 1000) error("/process/oomScoreAdj", fmt::format("{} is not from -1000 to 1000", score));
  if (process.user.umask.value_or(0) > 0777) {
    error("/process/user/umask",
          fmt::format("{} ({:#o}) is not from 0 to 511 (0777)", *process.user.umask, *process.user.umask));
  }
  constexpr std::uint32_t kNoId = 0xffffffff;  // "leave as it is" to setresuid(2)
  if (process.user.uid == kNoId) error("/process/user/uid", "4294967295 is nobody's number");
  if (process.user.gid == kNoId) error("/process/user/gid", "4294967295 is nobody's number");
  limits();
  capabilities();
  scheduling();
}

void Validation::limits() {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < config_.process.rlimits.size(); ++i) {
    const Rlimit& limit = config_.process.rlimits[i];
    const std::string pointer = below("/process/rlimits", i);
    if (!is_limit_name(limit.type)) {
      error(pointer + "/type", fmt::format("unknown limit '{}'", limit.type));
    } else if (!seen.insert(limit.type).second) {
      error(pointer + "/type", fmt::format("{} is there twice", limit.type));
    }
    if (limit.soft > limit.hard)
      error(pointer + "/soft", fmt::format("{} is above the hard limit of {}", limit.soft, limit.hard));
  }
}

void Validation::capabilities() {
  if (!config_.process.capabilities) return;
  const Capabilities& sets = *config_.process.capabilities;
  if (const std::uint64_t extra = sets.effective & ~sets.permitted; extra != 0) {
    error("/process/capabilities/effective",
          fmt::format("{} not in permitted", fmt::join(capability_names(extra), ", ")));
  }
  // Ambient capabilities that are not also permitted and inheritable cannot be kept; runc's own default config has
  // some.
}

void Validation::mounts() {
  for (std::size_t i = 0; i < config_.mounts.size(); ++i) {
    const Mount& mount = config_.mounts[i];
    const std::string pointer = below("/mounts", i);
    if (!mount.destination.starts_with('/'))
      error(pointer + "/destination", fmt::format("'{}' is not an absolute path", mount.destination));
    if (is_bind(mount)) {
      if (mount.source.empty()) error(pointer + "/source", "missing: a bind mount needs one");
    } else if (mount.type.empty() || mount.type == "none") {
      error(pointer + "/type", "missing, and there is no option bind or rbind");
    }
    mount_mappings(pointer, mount);
  }
}

void Validation::names() {
  constexpr std::size_t kLongest = 64;  // __NEW_UTS_LEN
  for (const auto& [key, name] :
       {std::pair{"/hostname", &config_.hostname}, std::pair{"/domainname", &config_.domainname}}) {
    if (name->empty()) continue;
    if (!has(NamespaceType::kUts)) error(key, "set, but the container has no uts namespace: it would be the host's");
    if (name->size() > kLongest) error(key, fmt::format("longer than {} bytes", kLongest));
  }
}

void Validation::hooks() {
  for (const HookList& kind : kHookLists) {
    const std::vector<Hook>& list = config_.hooks.*kind.list;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string pointer = fmt::format("/hooks/{}/{}", kind.name, i);
      if (!list[i].path.starts_with('/') || list[i].path.find('\0') != std::string::npos)
        error(pointer + "/path", "not an absolute path");
      if (list[i].timeout_s && *list[i].timeout_s <= 0) error(pointer + "/timeout", "has to be greater than 0");
    }
  }
}

Findings validate(const Config& config) {
  Validation validation(config);
  version_and_root(config, validation);
  validation.process();
  validation.mounts();
  validation.names();
  validation.namespaces();
  validation.time_offsets();
  validation.memory_policy();
  validation.personality();
  validation.id_maps();
  validation.sysctls();
  validation.devices();
  validation.paths();
  validation.resources();
  validation.seccomp();
  validation.hooks();
  validation.net_devices();
  validation.intel_rdt();
  return std::move(validation).take();
}

}  // namespace caisson::spec
