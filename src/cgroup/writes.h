// Collects the writes of one cgroup while its resources are converted. Pure; private to the conversion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cgroup/conversion.h"
#include "cgroup/place.h"
#include "host/facts.h"
#include "spec/config.h"

namespace caisson::cgroup {

class Writes {
 public:
  Writes(const HostFacts& facts, const Place& place) : facts_(facts), place_(place) {}

  /// The hierarchy that `item` needs, for the first of `controllers` that is mounted ("blkio" on v1 is "io" on v2). On
  /// v2 the controller will be enabled down to the cgroup. Error: none of them is there.
  Result<const CgroupHierarchy*> need(const std::vector<std::string_view>& controllers, std::string_view item);

  void write(const CgroupHierarchy& hierarchy, std::string file, std::string value, std::string_view item);

  /// The last write once more, for kernels that have no such file: another file, another value.
  void or_else(std::string file, std::string value);

  /// The last write is of a limit that says "none": where the kernel has no such file, there is none anyway.
  void may_be_missing() { writes_.back().may_be_missing = true; }

  /// v2: a program will decide about devices as `rules` do.
  void restrict_devices(std::vector<spec::DeviceRule> rules) { device_rules_ = std::move(rules); }

  /// True if the kernel is at least `major`.`minor`.
  bool kernel_has(unsigned major, unsigned minor) const;

  const HostFacts& facts() const { return facts_; }

  /// What was collected: enabled controllers first.
  Layout finish();

 private:
  struct Enabled {
    const CgroupHierarchy* hierarchy;
    std::string controller;
    std::string item;
  };
  void enable(const CgroupHierarchy& hierarchy, std::string_view controller, std::string_view item);
  std::vector<EnabledControllers> enabled_above() const;
  const std::string& path_in(const CgroupHierarchy& hierarchy) const;
  std::string directory(const CgroupHierarchy& hierarchy) const { return hierarchy.path + path_in(hierarchy); }

  const HostFacts& facts_;
  const Place& place_;
  std::vector<Enabled> enabled_;
  std::vector<FileWrite> writes_;
  std::vector<spec::DeviceRule> device_rules_;
};

// One function a group of limits. Each gives the errors of layout().
Result<> convert_memory(const spec::Memory& memory, Writes& writes);
Result<> convert_cpu(const spec::Cpu& cpu, Writes& writes);
Result<> convert_block_io(const spec::BlockIo& block_io, Writes& writes);
Result<> convert_network(const spec::Network& network, Writes& writes);
Result<> convert_devices(const std::vector<spec::DeviceRule>& rules, Writes& writes);

}  // namespace caisson::cgroup
