// Configurations, hosts and requests as nobody would write them, but valid: made from a seed, the same on every
// machine.
#pragma once

#include <cstdint>

#include "host/facts.h"
#include "plan/build.h"
#include "spec/config.h"

namespace caisson {

/// A container on some host: namespaces new, joined or the host's; mounts of every kind; devices, masked paths, limits,
/// users, terminals; with and without cgroups. spec::validate() finds nothing wrong with the config.
struct GeneratedContainer {
  spec::Config config;
  HostFacts facts;
  plan::Request request;
};
GeneratedContainer generate_container(std::uint64_t seed);

/// A further process in a running container, or beside any process.
struct GeneratedProcess {
  spec::Process process;
  plan::Target target;
  HostFacts facts;
  plan::Request request;
};
GeneratedProcess generate_process(std::uint64_t seed);

/// The hosts there are: cgroup v1 alone, hybrid, v2, none.
HostFacts facts_of(CgroupMode mode);

}  // namespace caisson
