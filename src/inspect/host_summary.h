// What there is to say about this host in a few words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace caisson::inspect {

struct HostSummary {
  std::string name;
  std::string kernel;
  std::string machine;
  std::string distribution;  ///< PRETTY_NAME of os-release(5)
  std::uint64_t processors = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_free_bytes = 0;
  std::int64_t uptime_s = 0;
  int cgroup_version = 1;
  std::vector<std::string> cgroup_controllers;
  std::vector<std::string> security;  ///< "seccomp", "apparmor", "selinux"
  bool is_rootless = false;
};

HostSummary summarize_host();

}  // namespace caisson::inspect
