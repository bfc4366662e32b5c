#include <array>
#include <cstdio>
#include <span>

#include <fmt/format.h>

#include "base/log.h"
#include "oci/command.h"
#include "plan/mount_options.h"
#include "spec/capability.h"
#include "spec/config.h"
#include "spec/kernel_names.h"
#include "spec/seccomp.h"
#include "spec/validate.h"

namespace caisson::oci {

namespace {

template <class Words>
std::string list(const Words& words) {
  std::vector<std::string> quoted;
  for (const auto& word : words) quoted.push_back(json_quote(word));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::vector<std::string_view> hook_names() {
  std::vector<std::string_view> names;
  for (const spec::HookList& kind : spec::kHookLists) names.emplace_back(kind.name);
  return names;
}

std::vector<std::string_view> namespace_names() {
  std::vector<std::string_view> names;
  for (const spec::NamespaceType type : spec::kNamespaceTypes) names.push_back(spec::namespace_word(type));
  return names;
}

std::vector<std::string_view> names(std::span<const spec::KernelName> entries) {
  std::vector<std::string_view> names;
  for (const spec::KernelName& entry : entries) names.push_back(entry.name);
  return names;
}

std::string seccomp() {
  return fmt::format(
      R"({{
      "enabled": true,
      "actions": {},
      "operators": {},
      "archs": {},
      "knownFlags": {},
      "supportedFlags": {}
    }})",
      list(spec::action_words()), list(spec::operator_words()), list(spec::architecture_words()),
      list(spec::filter_flag_words()), list(spec::filter_flag_words()));
}

// features.md, "Unsafe annotations in config.json": names, and prefixes that end in a dot.
constexpr std::array<std::string_view, 5> kUnsafeAnnotations = {"bundle", "caisson.landlock.", "org.criu.config",
                                                                "org.systemd.property.", "run.oci."};

// features.md, features-linux.md. What this program implements, whatever the host has of it.
std::string features() {
  return fmt::format(
      R"({{
  "ociVersionMin": "1.0.0",
  "ociVersionMax": "1.3.0",
  "hooks": {},
  "mountOptions": {},
  "linux": {{
    "namespaces": {},
    "capabilities": {},
    "cgroup": {{"v1": true, "v2": true, "systemd": true, "systemdUser": true, "rdma": true}},
    "seccomp": {},
    "apparmor": {{"enabled": true}},
    "selinux": {{"enabled": true}},
    "memoryPolicy": {{"modes": {}, "flags": {}}},
    "intelRdt": {{"enabled": true, "schemata": true, "monitoring": true}},
    "mountExtensions": {{"idmap": {{"enabled": true}}}},
    "netDevices": {{"enabled": true}}
  }},
  "annotations": {{
    "org.opencontainers.runc.checkpoint.enabled": "true",
    "org.opencontainers.runc.version": {}
  }},
  "potentiallyUnsafeConfigAnnotations": {}
}}
)",
      list(hook_names()), list(plan::mount_option_words()), list(namespace_names()), list(spec::known_capabilities()),
      seccomp(), list(names(spec::kMemoryPolicyModes)), list(names(spec::kMemoryPolicyFlags)),
      json_quote(CAISSON_VERSION), list(kUnsafeAnnotations));
}

}  // namespace

int verb_features(const Command& command) {
  int status = 0;
  if (!read_operands(command, {0, 0}, status)) return status;
  std::fputs(features().c_str(), stdout);
  return 0;
}

}  // namespace caisson::oci
