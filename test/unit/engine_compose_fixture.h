// What the tests of compose() start from, and how they show what came of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/compose.h"
#include "spec/capability.h"
#include "spec/validate.h"

namespace caisson::engine {

inline constexpr std::uint64_t kHostCapabilities = (std::uint64_t{1} << 41) - 1;
inline const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

inline Surroundings typical() {
  Surroundings around;
  around.facts.kernel = "6.18.0";
  around.facts.effective_capabilities = around.facts.bounding_capabilities = kHostCapabilities;
  around.facts.cgroup_mode = CgroupMode::kV1;
  around.facts.hierarchies = {{.path = "/sys/fs/cgroup/pids", .controllers = {"pids"}},
                              {.path = "/sys/fs/cgroup/devices", .controllers = {"devices"}}};
  around.facts.filesystems = {"overlay", "mqueue"};
  around.facts.limits = {{"RLIMIT_NOFILE", {1024, 20000}}, {"RLIMIT_NPROC", {1024, 3000000}}};
  around.host_name = "host";
  around.id = kId;
  around.rootfs.path = "/rootfs";
  around.directory = "/run/caisson/containers/x";
  around.account = {.uid = 0, .gid = 0, .name = "root", .home = "/root", .groups = {0}};
  around.working_directory = "/home/me";
  return around;
}

inline RunOptions command(std::vector<std::string> words = {"true"}) {
  RunOptions options;
  options.source = "/rootfs";
  options.command = std::move(words);
  return options;
}

// A mount as one line: "/a /b bind rbind,rprivate".
inline std::string show(const spec::Mount& mount) {
  return fmt::format("{} {} {} {}", mount.source, mount.destination, mount.type, join(mount.options, ","));
}
inline std::vector<std::string> show(const std::vector<spec::Mount>& mounts) {
  std::vector<std::string> lines;
  for (const spec::Mount& mount : mounts) lines.push_back(show(mount));
  return lines;
}
inline std::string show(const spec::DeviceRule& rule) {
  const auto number = [](std::optional<std::int64_t> n) { return n ? std::to_string(*n) : std::string("*"); };
  return fmt::format("{} {} {}:{} {}", rule.allow ? "allow" : "deny", rule.type, number(rule.major), number(rule.minor),
                     rule.access);
}
inline std::string names(std::uint64_t mask) { return join(spec::capability_names(mask), " "); }

inline Composed compose_well(const RunOptions& options, const Surroundings& around) {
  Result<Composed> composed = compose(options, around);
  EXPECT_TRUE(composed) << composed.error().text();
  if (!composed) return {};
  for (const spec::Problem& problem : spec::validate(composed->config).errors) ADD_FAILURE() << problem.line();
  return std::move(*composed);
}

inline constexpr std::uint64_t kSysAdmin = 1U << 21;
inline constexpr std::uint64_t kNetBind = 1U << 10;
inline void ordinary_user(Surroundings& s) {
  s.account = {.uid = 1000, .gid = 1000, .name = "u", .home = "/u", .groups = {1000}};
}

// For the rows of tables.
using R = RunOptions&;
using S = Surroundings&;

}  // namespace caisson::engine
