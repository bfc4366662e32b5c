#include "seccomp/decide.h"

#include <algorithm>
#include <optional>

#include "seccomp/answer.h"
#include "seccomp/calls.h"

namespace caisson::seccomp {

namespace {

using spec::SeccompRule;

// The architecture that the call is one of; null if the filter does not have it.
const Architecture* architecture_of(const MadeCall& call, const std::vector<const Architecture*>& filtered) {
  for (const Architecture* each : filtered) {
    if (each->audit != call.audit) continue;
    const bool marked = (call.number & kX32Bit) != 0 || call.number > kX32Bit;
    const bool numbers_are_shared = each->abi == Abi::kX86_64 || each->abi == Abi::kX32;
    if (!numbers_are_shared || marked == (each->abi == Abi::kX32)) return each;
  }
  return nullptr;
}

// How a rule comes to be about the call: it names it, or what it carries.
struct About {
  bool itself = false;
  bool carried = false;
};

About about(const SeccompRule& rule, const Architecture& architecture, const MadeCall& call) {
  About how;
  for (const std::string& name : rule.names) {
    const Call* const named = find_call(name);
    if (named == nullptr) continue;
    if (named->number(architecture.abi) == call.number) how.itself = true;
    const std::optional<Carried> by = carried(*named);
    if (!by || find_call(by->carrier)->number(architecture.abi) != call.number) continue;
    if (holds({.index = 0, .value = by->number}, architecture, call)) how.carried = true;
  }
  return how;
}

std::uint32_t newest_number(const spec::Seccomp& seccomp, Abi abi) {
  std::uint32_t newest = 0;
  for (const SeccompRule& rule : seccomp.syscalls) {
    for (const std::string& name : rule.names) {
      const Call* const call = find_call(name);
      const auto number = call == nullptr ? std::nullopt : call->number(abi);
      if (number && (abi != Abi::kArm || *number < kArmPrivate)) newest = std::max(newest, *number);
    }
  }
  return newest;
}

bool is_newer(const spec::Seccomp& seccomp, const Architecture& architecture, const MadeCall& call) {
  if (!hides_newer_calls(seccomp)) return false;
  const std::uint32_t newest = newest_number(seccomp, architecture.abi);
  if (newest == 0) return false;
  if (architecture.abi == Abi::kArm && call.number >= kArmPrivate) return false;
  return call.number > newest || (has_setup(architecture.abi) && call.number == 0);
}

}  // namespace

bool holds(const spec::SeccompArgument& condition, const Architecture& architecture, const MadeCall& call) {
  const std::uint64_t all = architecture.wide ? ~std::uint64_t{0} : 0xffffffff;
  const std::uint64_t argument = call.arguments[condition.index] & all;
  const std::uint64_t value = condition.value & all;
  switch (condition.op) {
    case spec::SeccompOperator::kNotEqual: return argument != value;
    case spec::SeccompOperator::kLess: return argument < value;
    case spec::SeccompOperator::kLessOrEqual: return argument <= value;
    case spec::SeccompOperator::kEqual: return argument == value;
    case spec::SeccompOperator::kGreaterOrEqual: return argument >= value;
    case spec::SeccompOperator::kGreater: return argument > value;
    case spec::SeccompOperator::kMaskedEqual: return (argument & value) == (condition.value_two & value);
  }
  return false;
}

bool is_true(const spec::SeccompRule& rule, const Architecture& architecture, const MadeCall& call) {
  const auto one_holds = [&](const spec::SeccompArgument& c) { return holds(c, architecture, call); };
  return splits(rule.args) ? std::any_of(rule.args.begin(), rule.args.end(), one_holds)
                           : std::all_of(rule.args.begin(), rule.args.end(), one_holds);
}

Decision decide(const spec::Seccomp& seccomp, const MadeCall& call, const Architecture& native) {
  const auto filtered = filtered_architectures(seccomp, native).value_or(std::vector<const Architecture*>());
  const std::uint32_t otherwise = default_answer(seccomp);
  const Architecture* const architecture = architecture_of(call, filtered);
  if (architecture == nullptr) {
    const bool skipped =
        call.number == ~0U && std::any_of(filtered.begin(), filtered.end(), [&](const Architecture* a) {
          return a->abi == Abi::kX86_64 && a->audit == call.audit;
        });
    return skipped ? Decision{otherwise, Ground::kDefault} : Decision{foreign_answer(), Ground::kForeign};
  }
  if (is_newer(seccomp, *architecture, call)) return {unknown_call_answer(), Ground::kNewer};

  std::vector<std::size_t> of_itself;
  std::vector<std::size_t> of_what_it_carries;
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const SeccompRule& rule = seccomp.syscalls[i];
    if (answer(rule.action, rule.errno_ret) == otherwise) continue;
    const About how = about(rule, *architecture, call);
    if (how.itself) of_itself.push_back(i);
    if (how.carried) of_what_it_carries.push_back(i);
  }
  const auto first = [&](const std::vector<std::size_t>& rules, auto decides) -> std::optional<Decision> {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](std::size_t i) { return decides(seccomp.syscalls[i]); });
    if (found == rules.end()) return std::nullopt;
    const SeccompRule& rule = seccomp.syscalls[*found];
    return Decision{answer(rule.action, rule.errno_ret), Ground::kRule, *found};
  };
  const auto unconditional = [](const SeccompRule& rule) { return rule.args.empty(); };
  const auto applies = [&](const SeccompRule& rule) { return is_true(rule, *architecture, call); };
  const auto refuses = [](const SeccompRule& rule) { return !is_permission(rule.action); };
  if (const auto decision = first(of_itself, unconditional)) return *decision;
  if (const auto decision = first(of_itself, applies)) return *decision;
  if (const auto decision = first(of_what_it_carries, unconditional)) return *decision;
  if (const auto decision = first(of_what_it_carries, refuses)) return *decision;
  return {otherwise, Ground::kDefault};
}

}  // namespace caisson::seccomp
