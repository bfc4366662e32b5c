// The profiles of docker and podman (their seccomp.json): rules with what they depend on, made into `linux.seccomp`.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seccomp/architecture.h"
#include "spec/problem.h"
#include "spec/seccomp.h"

namespace caisson::seccomp {

struct KernelVersion {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const KernelVersion&) const = default;
};

/// "4.8", "6.18.44-arch1": the first two numbers.
std::optional<KernelVersion> kernel_version(std::string_view text);

/// What a rule depends on: `includes` or `excludes`.
struct Dependence {
  std::uint64_t capabilities = 0;
  bool unknown_capability = false;    ///< one that no kernel has, and no container
  std::vector<std::string> go_names;  ///< `arches`
  std::optional<KernelVersion> least_kernel;
  bool operator==(const Dependence&) const = default;
};

struct ProfileRule {
  spec::SeccompRule rule;
  Dependence includes;   ///< it is there only with all of these capabilities, one of these architectures, this kernel
  Dependence excludes;   ///< it is not there with one of these capabilities or architectures, or with this kernel
  std::size_t line = 0;  ///< in the file, from 1
  bool operator==(const ProfileRule&) const = default;
};

struct Profile {
  struct Entry {
    std::string architecture;
    std::vector<std::string> others;
    bool operator==(const Entry&) const = default;
  };
  spec::Seccomp base;  ///< all but the rules
  std::vector<Entry> arch_map;
  std::vector<ProfileRule> rules;
  bool operator==(const Profile&) const = default;
};

/// A profile as far as it could be read; it may be used only if `findings.errors` is empty.
struct ProfileReading {
  Profile profile;
  spec::Findings findings;
};

/// Reads a profile of docker's or podman's form, or an OCI `linux.seccomp`, which has a part of the same keys. Names of
/// calls that no kernel has are warnings.
ProfileReading read_profile(std::string_view json);

/// The profile of containers that ask for none: podman's. It is a part of the program (data/default.json).
Profile default_profile();

/// What the rules depend on.
struct Situation {
  std::uint64_t capabilities = 0;  ///< the container's bounding set
  KernelVersion kernel;
  const Architecture* native = &native_architecture();
};

/// Why a rule is not there.
enum class Absence : std::uint8_t {
  kNone,  ///< it is there
  kLacksCapability,
  kHasCapability,
  kArchitecture,
  kKernel,
};
Absence absence(const ProfileRule& rule, const Situation& situation);

/// The rules that are there in that situation, in their order.
spec::Seccomp resolve(Profile profile, const Situation& situation);

}  // namespace caisson::seccomp
