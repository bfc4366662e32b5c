// The architectures of the kernel's filters: what a profile calls them, what a filter sees of them, and which numbers
// their calls have.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace caisson::seccomp {

/// A set of call numbers: a column of data/calls.txt, in its order.
enum class Abi : std::uint8_t {
  kX86_64,
  kX86,
  kX32,
  kAarch64,
  kArm,
  kRiscv64,
  kLoongarch64,
  kPpc64,
  kPpc,
  kS390x,
  kS390,
  kMips,
  kMips64,
  kMips64n32,
};
inline constexpr std::size_t kAbis = 14;

/// The bit that x32 numbers have beside the architecture of x86_64 (asm/unistd.h, __X32_SYSCALL_BIT).
inline constexpr std::uint32_t kX32Bit = 0x40000000;

struct Architecture {
  std::string_view word;     ///< "SCMP_ARCH_X86_64"
  std::string_view go_name;  ///< "amd64": what `includes.arches` of a profile calls it, and libseccomp
  std::uint32_t audit = 0;   ///< seccomp_data.arch (linux/audit.h, AUDIT_ARCH_…)
  Abi abi{};
  bool wide = false;  ///< arguments have 64 bits; of others a filter looks at the low half alone
  bool little_endian = true;
};

std::span<const Architecture> architectures();

/// By either name; null for one whose calls are not known here.
const Architecture* find_architecture(std::string_view name);

/// What this program was built for.
const Architecture& native_architecture();

}  // namespace caisson::seccomp
