#include "spec/seccomp.h"

#include <algorithm>
#include <array>

namespace caisson::spec {

namespace {

struct ActionRow {
  std::string_view word;
  SeccompAction action;
};
// Of two words for one action the first is written.
constexpr std::array kActions = {
    ActionRow{"SCMP_ACT_KILL_PROCESS", SeccompAction::kKillProcess},
    ActionRow{"SCMP_ACT_KILL_THREAD", SeccompAction::kKillThread},
    ActionRow{"SCMP_ACT_KILL", SeccompAction::kKillThread},
    ActionRow{"SCMP_ACT_TRAP", SeccompAction::kTrap},
    ActionRow{"SCMP_ACT_ERRNO", SeccompAction::kErrno},
    ActionRow{"SCMP_ACT_TRACE", SeccompAction::kTrace},
    ActionRow{"SCMP_ACT_LOG", SeccompAction::kLog},
    ActionRow{"SCMP_ACT_ALLOW", SeccompAction::kAllow},
    ActionRow{"SCMP_ACT_NOTIFY", SeccompAction::kNotify},
};

struct OperatorRow {
  std::string_view word;
  SeccompOperator op;
};
constexpr std::array kOperators = {
    OperatorRow{"SCMP_CMP_NE", SeccompOperator::kNotEqual},
    OperatorRow{"SCMP_CMP_LT", SeccompOperator::kLess},
    OperatorRow{"SCMP_CMP_LE", SeccompOperator::kLessOrEqual},
    OperatorRow{"SCMP_CMP_EQ", SeccompOperator::kEqual},
    OperatorRow{"SCMP_CMP_GE", SeccompOperator::kGreaterOrEqual},
    OperatorRow{"SCMP_CMP_GT", SeccompOperator::kGreater},
    OperatorRow{"SCMP_CMP_MASKED_EQ", SeccompOperator::kMaskedEqual},
};

constexpr std::array<std::string_view, 23> kArchitectures = {
    "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64", "SCMP_ARCH_X32",       "SCMP_ARCH_ARM",     "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_MIPS",        "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",    "SCMP_ARCH_PPC64",     "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",       "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",  "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",        "SCMP_ARCH_SH",     "SCMP_ARCH_SHEB"};

constexpr std::array<std::string_view, 4> kFlags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
                                                    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                                    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

template <class List>
bool holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

std::string_view action_word(SeccompAction action) {
  return std::find_if(kActions.begin(), kActions.end(), [action](const ActionRow& row) { return row.action == action; })
      ->word;
}

std::optional<SeccompAction> find_action(std::string_view word) {
  for (const ActionRow& row : kActions) {
    if (row.word == word) return row.action;
  }
  return std::nullopt;
}

std::string_view operator_word(SeccompOperator op) {
  return std::find_if(kOperators.begin(), kOperators.end(), [op](const OperatorRow& row) { return row.op == op; })
      ->word;
}

std::optional<SeccompOperator> find_operator(std::string_view word) {
  for (const OperatorRow& row : kOperators) {
    if (row.word == word) return row.op;
  }
  return std::nullopt;
}

bool is_architecture_word(std::string_view word) { return holds(kArchitectures, word); }

bool is_filter_flag(std::string_view word) { return holds(kFlags, word); }

std::vector<std::string_view> action_words() {
  std::vector<std::string_view> words;
  for (const ActionRow& row : kActions) words.push_back(row.word);
  return words;
}

std::vector<std::string_view> operator_words() {
  std::vector<std::string_view> words;
  for (const OperatorRow& row : kOperators) words.push_back(row.word);
  return words;
}

std::span<const std::string_view> architecture_words() { return kArchitectures; }
std::span<const std::string_view> filter_flag_words() { return kFlags; }

}  // namespace caisson::spec
