#include "seccomp/compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "seccomp/answer.h"
#include "seccomp/calls.h"
#include "seccomp/conditions.h"
#include "seccomp/program.h"
#include "seccomp/ranges.h"

namespace caisson::seccomp {

namespace {

using spec::Seccomp;
using spec::SeccompRule;

// A rule about a call, or about one that another carries: then `carried` is its number as the carrier's first argument.
// One number, so that they are quickly sorted.
class Use {
 public:
  Use(std::uint32_t number, std::uint32_t carried, std::size_t rule)
      : bits_(std::uint64_t{number} << 32 | std::uint64_t{carried} << kRuleBits | rule) {}
  std::uint32_t number() const { return static_cast<std::uint32_t>(bits_ >> 32); }
  std::uint32_t carried() const { return static_cast<std::uint32_t>(bits_) >> kRuleBits; }
  std::size_t rule() const { return bits_ & ((1U << kRuleBits) - 1); }
  auto operator<=>(const Use&) const = default;

 private:
  static constexpr unsigned kRuleBits = 24;
  std::uint64_t bits_;
};
constexpr std::size_t kMostRules = 1U << 24;

class Compiler {
 public:
  Compiler(const Seccomp& seccomp, std::vector<const Architecture*> architectures)
      : seccomp_(seccomp),
        architectures_(std::move(architectures)),
        default_(program_.answer(default_answer(seccomp))) {
    for (const SeccompRule& rule : seccomp_.syscalls) {
      answers_.push_back(program_.answer(answer(rule.action, rule.errno_ret)));
      for (const std::string& name : rule.names) calls_.push_back(find_call(name));
    }
  }

  std::optional<std::vector<struct sock_filter>> compile() {
    // Architectures of one number in seccomp_data are told apart by the number of the call.
    std::vector<std::uint32_t> audits;
    for (const Architecture* each : architectures_) {
      if (std::find(audits.begin(), audits.end(), each->audit) == audits.end()) audits.push_back(each->audit);
    }
    Node node = program_.answer(foreign_answer());
    std::reverse(audits.begin(), audits.end());
    for (const std::uint32_t audit : audits) {
      node = program_.add(
          {.word = offsetof(struct seccomp_data, arch), .value = audit, .yes = calls_of(audit), .no = node});
    }
    return program_.instructions(node);
  }

 private:
  Node calls_of(std::uint32_t audit) {
    Ranges ranges;
    const Node foreign = program_.answer(foreign_answer());
    if (audit == AUDIT_ARCH_X86_64) {
      const Architecture* const plain = find(Abi::kX86_64);
      const Architecture* const x32 = find(Abi::kX32);
      if (plain != nullptr) add_calls(*plain, ranges, kX32Bit);
      if (plain == nullptr) ranges.begin(0, foreign);
      if (x32 != nullptr) add_calls(*x32, ranges, std::nullopt);
      if (x32 == nullptr) {
        ranges.begin(kX32Bit, foreign);
        ranges.begin(~0U, default_);  // a tracer's way to skip a call
      }
    } else {
      const auto one = std::find_if(architectures_.begin(), architectures_.end(),
                                    [audit](const Architecture* each) { return each->audit == audit; });
      add_calls(**one, ranges, std::nullopt);
    }
    return ranges.search(program_, offsetof(struct seccomp_data, nr));
  }

  const Architecture* find(Abi abi) const {
    for (const Architecture* each : architectures_) {
      if (each->abi == abi) return each;
    }
    return nullptr;
  }

  // The numbers of one architecture, up to `end`.
  void add_calls(const Architecture& architecture, Ranges& ranges, std::optional<std::uint32_t> end) {
    const std::vector<Use> uses = uses_of(architecture);
    ranges.begin(architecture.abi == Abi::kX32 ? kX32Bit : 0, default_);
    const bool hides = hides_newer_calls(seccomp_) && newest_ != 0;
    const Node unknown = program_.answer(unknown_call_answer());
    if (hides && has_setup(architecture.abi)) ranges.put(0, unknown);
    for (auto first = uses.begin(); first != uses.end();) {
      const auto last =
          std::find_if(first, uses.end(), [&](const Use& use) { return use.number() != first->number(); });
      ranges.put(first->number(), decide(architecture, {first, last}));
      first = last;
    }
    if (hides) ranges.replace(newest_ + 1, architecture.abi == Abi::kArm ? std::optional(kArmPrivate) : end, unknown);
  }

  // In the order of numbers, then of rules. Sets newest_.
  std::vector<Use> uses_of(const Architecture& architecture) {
    std::vector<Use> uses;
    uses.reserve(calls_.size());
    newest_ = 0;
    std::size_t next = 0;
    for (std::size_t i = 0; i < seccomp_.syscalls.size(); ++i) {
      const bool counts = answers_[i] != default_;
      for (std::size_t name = 0; name < seccomp_.syscalls[i].names.size(); ++name) {
        const Call* const call = calls_[next++];
        if (call == nullptr) continue;
        const std::optional<std::uint32_t> number = call->number(architecture.abi);
        if (number && (architecture.abi != Abi::kArm || *number < kArmPrivate)) newest_ = std::max(newest_, *number);
        if (!counts) continue;
        if (number) uses.emplace_back(*number, 0, i);
        if (const std::optional<Carried> by = carried(*call)) {
          if (const auto carrier = find_call(by->carrier)->number(architecture.abi))
            uses.emplace_back(*carrier, by->number, i);
        }
      }
    }
    std::sort(uses.begin(), uses.end());
    uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
    return uses;
  }

  const SeccompRule& rule_of(const Use& use) const { return seccomp_.syscalls[use.rule()]; }
  Node answer_of(const Use& use) const { return answers_[use.rule()]; }

  // What becomes of one number.
  Node decide(const Architecture& architecture, std::span<const Use> uses) {
    const auto own_end = std::find_if(uses.begin(), uses.end(), [](const Use& use) { return use.carried() != 0; });
    const std::span<const Use> own(uses.begin(), own_end);
    for (const Use& use : own) {
      if (rule_of(use).args.empty()) return answer_of(use);
    }
    Node node = default_;
    for (auto first = own_end; first != uses.end();) {
      const auto last =
          std::find_if(first, uses.end(), [&](const Use& use) { return use.carried() != first->carried(); });
      const spec::SeccompArgument is_it{.index = 0, .value = first->carried()};
      node = condition(program_, architecture, is_it, {.yes = decide_carried({first, last}), .no = node});
      first = last;
    }
    for (auto use = own.rbegin(); use != own.rend(); ++use) node = alternative(architecture, *use, node);
    return node;
  }

  Node alternative(const Architecture& architecture, const Use& use, Node otherwise) {
    const std::vector<spec::SeccompArgument>& conditions = rule_of(use).args;
    const Node then = answer_of(use);
    const bool any = splits(conditions);
    Node node = any ? otherwise : then;
    for (auto each = conditions.rbegin(); each != conditions.rend(); ++each) {
      node = condition(program_, architecture, *each,
                       any ? Ways{.yes = then, .no = node} : Ways{.yes = node, .no = otherwise});
    }
    return node;
  }

  Node decide_carried(std::span<const Use> uses) const {
    for (const Use& use : uses) {
      if (rule_of(use).args.empty()) return answer_of(use);
    }
    for (const Use& use : uses) {
      if (!is_permission(rule_of(use).action)) return answer_of(use);
    }
    return default_;
  }

  const Seccomp& seccomp_;
  std::vector<const Architecture*> architectures_;
  std::vector<const Call*> calls_;  // of every name of every rule, in their order
  std::vector<Node> answers_;       // of every rule
  Program program_;
  Node default_;
  std::uint32_t newest_ = 0;
};

std::uint32_t flags_of(const Seccomp& seccomp) {
  std::uint32_t flags = seccomp.flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (const std::string& word : seccomp.flags.value_or(std::vector<std::string>())) {
    if (word == "SECCOMP_FILTER_FLAG_TSYNC") flags |= SECCOMP_FILTER_FLAG_TSYNC;
    if (word == "SECCOMP_FILTER_FLAG_LOG") flags |= SECCOMP_FILTER_FLAG_LOG;
    if (word == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (word == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  }
  const bool notifies = std::any_of(seccomp.syscalls.begin(), seccomp.syscalls.end(), [](const SeccompRule& rule) {
    return rule.action == spec::SeccompAction::kNotify;
  });
  if (notifies) {
    flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // Both want to return something; with this the one for other threads is an error number (Linux 5.7).
    if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  }
  return flags;
}

}  // namespace

bool Filter::notifies() const { return (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0; }

Result<Filter> compile(const Seccomp& seccomp, const Architecture& native) {
  std::optional<std::vector<const Architecture*>> architectures = filtered_architectures(seccomp, native);
  if (!architectures) {
    const auto missing = std::find_if(seccomp.architectures.begin(), seccomp.architectures.end(),
                                      [](const std::string& word) { return find_architecture(word) == nullptr; });
    return fail(complaint(fmt::format("the system calls of {} are not known to caisson", *missing)));
  }
  for (const Architecture* each : *architectures) {
    if (each->little_endian != native.little_endian)
      return fail(complaint(fmt::format("{} has another byte order than this host's {}", each->word, native.word)));
  }
  if (seccomp.syscalls.size() > kMostRules) return fail(complaint("more rules than anybody can have meant"));
  std::optional<std::vector<struct sock_filter>> instructions = Compiler(seccomp, std::move(*architectures)).compile();
  if (!instructions) {
    return fail(complaint(
        fmt::format("the filter has more than the {} instructions that the kernel takes", kMostInstructions)));
  }
  return Filter{.instructions = std::move(*instructions), .flags = flags_of(seccomp)};
}

std::vector<UnknownCall> unknown_calls(const Seccomp& seccomp) {
  std::vector<UnknownCall> unknown;
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    for (const std::string& name : seccomp.syscalls[i].names) {
      const bool seen =
          std::any_of(unknown.begin(), unknown.end(), [&](const UnknownCall& u) { return u.name == name; });
      if (!seen && find_call(name) == nullptr) unknown.push_back({name, i});
    }
  }
  return unknown;
}

}  // namespace caisson::seccomp
