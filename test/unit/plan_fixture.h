// Configurations and hosts that the tests of the planner begin with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generated_config.h"
#include "plan/build.h"
#include "plan/check.h"
#include "spec/capability.h"

namespace caisson::plan {

using spec::NamespaceType;
using testing::ElementsAre;
using testing::IsEmpty;

// What `runc spec` prints (runc 1.1.5), in a cgroup of its own.
inline spec::Config runc_default() {
  const std::uint64_t mask = spec::capability_bit(*spec::capability_number("AUDIT_WRITE")) |
                             spec::capability_bit(*spec::capability_number("KILL")) |
                             spec::capability_bit(*spec::capability_number("NET_BIND_SERVICE"));
  spec::Config config{
      .oci_version = "1.0.2-dev",
      .root = {.path = "/bundle/rootfs", .readonly = true},
      .mounts =
          {{"/proc", "proc", "proc", {}},
           {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
           {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
           {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
           {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
           {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
           {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}}},
      .process = {.terminal = true,
                  .args = {"sh"},
                  .env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"},
                  .capabilities =
                      spec::Capabilities{.bounding = mask, .effective = mask, .permitted = mask, .ambient = mask},
                  .rlimits = {{"RLIMIT_NOFILE", 1024, 1024}},
                  .no_new_privileges = true},
      .hostname = "runc"};
  for (const NamespaceType type : {NamespaceType::kPid, NamespaceType::kNetwork, NamespaceType::kIpc,
                                   NamespaceType::kUts, NamespaceType::kMount}) {
    config.linux_.namespaces.push_back({type, ""});
  }
  config.linux_.cgroups_path = "/caisson/box";
  config.linux_.resources.devices = {{.allow = false, .access = "rwm"}};
  config.linux_.masked_paths = {"/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
                                "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                                "/sys/firmware",       "/proc/scsi"};
  config.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return config;
}

// A mount namespace, a root filesystem and a program: what the others add to.
inline spec::Config smallest() {
  return {.root = {.path = "/srv/rootfs"},
          .process = {.args = {"/bin/true"}},
          .linux_ = {.namespaces = {{NamespaceType::kMount, ""}}}};
}

inline void join(spec::Config& config, NamespaceType type, std::string path) {
  std::erase_if(config.linux_.namespaces, [&](const spec::Namespace& n) { return n.type == type; });
  config.linux_.namespaces.push_back({type, std::move(path)});
}

inline void add_user_namespace(spec::Config& config) {
  config.linux_.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux_.uid_mappings = config.linux_.gid_mappings = {{.container_id = 0, .host_id = 100'000, .size = 65'536}};
}

inline Result<Plan> plan_of(const spec::Config& config, CgroupMode mode = CgroupMode::kHybrid,
                            const Request& request = {}) {
  return plan_container(config, facts_of(mode), request);
}

inline HostFacts ordinary_user() {
  HostFacts facts = facts_of(CgroupMode::kNone);
  facts.effective_uid = facts.effective_gid = 1000;
  facts.effective_capabilities = 0;
  facts.newuidmap = "/usr/bin/newuidmap";
  facts.newgidmap = "/usr/bin/newgidmap";
  return facts;
}

// All steps of a kind in a lane.
template <class A>
std::vector<A> all(const Plan& plan, Lane lane) {
  std::vector<A> found;
  for (const Step& step : plan.lane(lane)) {
    if (const A* action = std::get_if<A>(&step.action)) found.push_back(*action);
  }
  return found;
}

}  // namespace caisson::plan
