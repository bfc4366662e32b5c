// The plan of a container's first process in the making: its cgroup (container_cgroup.cc), its birth and the namespaces
// it is born into (container_birth.cc), and all else in the order in which it depends on each other (container.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cgroup/conversion.h"
#include "cgroup/scope.h"
#include "plan/build.h"
#include "plan/builder.h"
#include "spec/config.h"

namespace caisson::plan {

class ContainerPlanner {
 public:
  ContainerPlanner(const spec::Config& config, const HostFacts& facts, const Request& request)
      : config_(config), request_(request), builder_(facts, request_) {
    if (denies_setgroups() || keeps_groups(config)) request_.set_groups = false;
  }

  Result<Plan> plan();
  Result<Plan> cgroup_alone();

 private:
  Result<> lay_out_cgroup();
  bool makes_cgroup_beside_child() const;
  void make_cgroup();
  void make_and_open_cgroup();
  Result<> start_scope();
  Result<> place_in_scope();
  void open_cgroups(Undo undo);
  void await_and_join_cgroup();
  void join_made_cgroup();
  bool is_born_there() const { return unified_ && !scope_; }
  void join_cgroup(const AttachCgroup& step);
  void limits();
  void restrict_devices();
  void give_cgroup();
  Result<> namespaces();
  void join_namespaces(Lane lane);
  Result<> spawn();
  bool needs_launcher() const;
  Result<> map_ids();
  Result<Text> mapper(const std::vector<spec::IdMapping>& mappings, std::uint32_t own, const std::string& program,
                      std::string_view name);
  void await_ids();
  void become_root();
  bool is_spoken_to_at_birth() const { return needs_launcher() || is_new(spec::NamespaceType::kUser); }
  bool denies_setgroups() const;
  Slot joined_user_namespace() const;
  bool may_be_born_elsewhere() const;
  void session();
  void time_namespace();
  void sysctls();
  Result<> hooks(Slot root);
  Result<> network_devices();

  std::optional<std::uint32_t> host_uid(std::uint32_t uid) const;
  const spec::Namespace* find(spec::NamespaceType type) const;
  bool is_new(spec::NamespaceType type) const { return find(type) != nullptr && find(type)->path.empty(); }

  struct Joined {
    std::uint64_t flag;
    Slot descriptor;
    std::string item;
  };

  const spec::Config& config_;
  Request request_;
  Builder builder_;
  std::vector<Joined> joined_;
  std::uint64_t clone_flags_ = 0;
  bool unified_ = false;
  Slot few_mounts_ = kNoSlot;
  Slot network_ = kNoSlot;  // made ahead
  Slot cgroup_first_ = kNoSlot;
  std::size_t cgroup_count_ = 0;
  cgroup::Layout layout_;
  std::optional<cgroup::Scope> scope_;  // where systemd makes the cgroup
  Slot pid_ = kNoSlot;
  Slot pidfd_ = kNoSlot;
};

}  // namespace caisson::plan
