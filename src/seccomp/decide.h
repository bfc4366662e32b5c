// One call held against the rules as they stand: what the compiled filter must answer, and why.
#pragma once

#include <array>
#include <cstdint>

#include "seccomp/architecture.h"
#include "spec/seccomp.h"

namespace caisson::seccomp {

/// A call as a filter sees it (linux/seccomp.h, struct seccomp_data).
struct MadeCall {
  std::uint32_t audit = 0;
  std::uint32_t number = 0;
  std::array<std::uint64_t, spec::kSeccompArguments> arguments{};
};

/// Why a call is answered as it is.
enum class Ground : std::uint8_t {
  kRule,     ///< a rule names it
  kDefault,  ///< none does, or none whose conditions are true
  kNewer,    ///< its number is above all that the profile names
  kForeign,  ///< the filter does not have its architecture
};

struct Decision {
  std::uint32_t answer = 0;  ///< SECCOMP_RET_…
  Ground ground{};
  std::size_t rule = 0;  ///< index into `syscalls`
};

/// Of a valid `seccomp` whose architectures are all known (answer.h).
Decision decide(const spec::Seccomp& seccomp, const MadeCall& call, const Architecture& native = native_architecture());

/// True if `condition` is true of a call of `architecture`.
bool holds(const spec::SeccompArgument& condition, const Architecture& architecture, const MadeCall& call);

/// True if the conditions of `rule` are.
bool is_true(const spec::SeccompRule& rule, const Architecture& architecture, const MadeCall& call);

}  // namespace caisson::seccomp
