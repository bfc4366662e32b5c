#include "seccomp/architecture.h"

#include <linux/audit.h>
#include <linux/elf-em.h>

#include <algorithm>
#include <array>

namespace caisson::seccomp {

namespace {

constexpr std::uint32_t kAuditLoongarch64 = EM_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE;

constexpr std::array kArchitectures = {
    Architecture{"SCMP_ARCH_X86_64", "amd64", AUDIT_ARCH_X86_64, Abi::kX86_64, true},
    Architecture{"SCMP_ARCH_X86", "x86", AUDIT_ARCH_I386, Abi::kX86},
    Architecture{"SCMP_ARCH_X32", "x32", AUDIT_ARCH_X86_64, Abi::kX32},
    Architecture{"SCMP_ARCH_AARCH64", "arm64", AUDIT_ARCH_AARCH64, Abi::kAarch64, true},
    Architecture{"SCMP_ARCH_ARM", "arm", AUDIT_ARCH_ARM, Abi::kArm},
    Architecture{"SCMP_ARCH_RISCV64", "riscv64", AUDIT_ARCH_RISCV64, Abi::kRiscv64, true},
    Architecture{"SCMP_ARCH_LOONGARCH64", "loong64", kAuditLoongarch64, Abi::kLoongarch64, true},
    Architecture{"SCMP_ARCH_PPC64LE", "ppc64le", AUDIT_ARCH_PPC64LE, Abi::kPpc64, true},
    Architecture{"SCMP_ARCH_PPC64", "ppc64", AUDIT_ARCH_PPC64, Abi::kPpc64, true, false},
    Architecture{"SCMP_ARCH_PPC", "ppc", AUDIT_ARCH_PPC, Abi::kPpc, false, false},
    Architecture{"SCMP_ARCH_S390X", "s390x", AUDIT_ARCH_S390X, Abi::kS390x, true, false},
    Architecture{"SCMP_ARCH_S390", "s390", AUDIT_ARCH_S390, Abi::kS390, false, false},
    Architecture{"SCMP_ARCH_MIPSEL", "mipsel", AUDIT_ARCH_MIPSEL, Abi::kMips},
    Architecture{"SCMP_ARCH_MIPSEL64", "mipsel64", AUDIT_ARCH_MIPSEL64, Abi::kMips64, true},
    Architecture{"SCMP_ARCH_MIPSEL64N32", "mipsel64n32", AUDIT_ARCH_MIPSEL64N32, Abi::kMips64n32},
    Architecture{"SCMP_ARCH_MIPS", "mips", AUDIT_ARCH_MIPS, Abi::kMips, false, false},
    Architecture{"SCMP_ARCH_MIPS64", "mips64", AUDIT_ARCH_MIPS64, Abi::kMips64, true, false},
    Architecture{"SCMP_ARCH_MIPS64N32", "mips64n32", AUDIT_ARCH_MIPS64N32, Abi::kMips64n32, false, false},
};

#if defined(__x86_64__)
constexpr std::string_view kNative = "SCMP_ARCH_X86_64";
#elif defined(__aarch64__)
constexpr std::string_view kNative = "SCMP_ARCH_AARCH64";
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::string_view kNative = "SCMP_ARCH_RISCV64";
#elif defined(__loongarch64)
constexpr std::string_view kNative = "SCMP_ARCH_LOONGARCH64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
constexpr std::string_view kNative = "SCMP_ARCH_PPC64LE";
#elif defined(__s390x__)
constexpr std::string_view kNative = "SCMP_ARCH_S390X";
#elif defined(__mips64) && defined(__MIPSEL__)
constexpr std::string_view kNative = "SCMP_ARCH_MIPSEL64";
#else
#error "name the architecture that this is built for"
#endif

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture* find_architecture(std::string_view name) {
  const auto found = std::find_if(kArchitectures.begin(), kArchitectures.end(), [name](const Architecture& each) {
    return each.word == name || each.go_name == name;
  });
  return found == kArchitectures.end() ? nullptr : &*found;
}

const Architecture& native_architecture() { return *find_architecture(kNative); }

}  // namespace caisson::seccomp
