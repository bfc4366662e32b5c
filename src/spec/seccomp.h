// `linux.seccomp` as types (runtime-spec config-linux.md "Seccomp"), with the specification's words for them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::spec {

/// What becomes of a call. SCMP_ACT_KILL is read as SCMP_ACT_KILL_THREAD, which is what it means.
enum class SeccompAction { kKillProcess, kKillThread, kTrap, kErrno, kTrace, kLog, kAllow, kNotify };

enum class SeccompOperator { kNotEqual, kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater, kMaskedEqual };

/// A condition on one argument. With kMaskedEqual `value` is the mask, and `value_two` what is to remain.
struct SeccompArgument {
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
  SeccompOperator op = SeccompOperator::kEqual;
  bool operator==(const SeccompArgument&) const = default;
};

/// One entry of `syscalls`.
struct SeccompRule {
  std::vector<std::string> names;
  SeccompAction action = SeccompAction::kAllow;
  std::optional<std::uint32_t> errno_ret;  ///< EPERM otherwise
  std::vector<SeccompArgument> args;
  bool operator==(const SeccompRule&) const = default;
};

struct Seccomp {
  SeccompAction default_action = SeccompAction::kAllow;
  std::optional<std::uint32_t> default_errno_ret;
  std::vector<std::string> architectures;         ///< "SCMP_ARCH_X86_64", beside the native one
  std::optional<std::vector<std::string>> flags;  ///< absent: SECCOMP_FILTER_FLAG_SPEC_ALLOW, as runc and crun have it
  std::string listener_path;
  std::string listener_metadata;
  std::vector<SeccompRule> syscalls;
  bool operator==(const Seccomp&) const = default;
};

/// "SCMP_ACT_ERRNO", "SCMP_CMP_EQ"; nothing for a word that the specification does not have.
std::string_view action_word(SeccompAction action);
std::optional<SeccompAction> find_action(std::string_view word);
std::string_view operator_word(SeccompOperator op);
std::optional<SeccompOperator> find_operator(std::string_view word);

/// True if `errnoRet` says something: an error number, or what the tracer is told.
inline bool has_return_value(SeccompAction action) {
  return action == SeccompAction::kErrno || action == SeccompAction::kTrace;
}

/// The names of `architectures` and of `flags`.
bool is_architecture_word(std::string_view word);
bool is_filter_flag(std::string_view word);

/// All words of each kind, for `features`.
std::vector<std::string_view> action_words();
std::vector<std::string_view> operator_words();
std::span<const std::string_view> architecture_words();
std::span<const std::string_view> filter_flag_words();

inline constexpr std::uint32_t kSeccompArguments = 6;
inline constexpr std::uint32_t kMostErrno = 4095;  ///< the kernel takes no more (seccomp(2), SECCOMP_RET_ERRNO)

}  // namespace caisson::spec
