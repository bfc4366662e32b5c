#include "seccomp/explanation.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "seccomp/answer.h"
#include "spec/capability.h"

namespace caisson::seccomp {

namespace {

std::string errno_text(std::uint32_t number) {
  const char* const name = ::strerrorname_np(static_cast<int>(number));
  return name == nullptr || number == 0 ? fmt::format("error number {}", number)
                                        : fmt::format("{} ({})", name, errno_words(static_cast<int>(number)));
}

std::string outcome(std::uint32_t answer, const spec::Seccomp& seccomp) {
  const std::uint32_t data = answer & SECCOMP_RET_DATA;
  switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS: return "ends the process (SIGSYS)";
    case SECCOMP_RET_KILL_THREAD: return "ends the thread that makes it (SIGSYS)";
    case SECCOMP_RET_TRAP: return "is not made: the thread gets the signal SIGSYS";
    case SECCOMP_RET_ERRNO: return "fails with " + errno_text(data);
    case SECCOMP_RET_USER_NOTIF: return fmt::format("is left to the agent at {}", seccomp.listener_path);
    case SECCOMP_RET_TRACE: return fmt::format("is left to a tracer, which is told {}", data);
    case SECCOMP_RET_LOG: return "is permitted, and logged";
    default: return "is permitted";
  }
}

std::string rule_name(const ProfileRule& rule, std::size_t index) {
  std::string action(spec::action_word(rule.rule.action));
  if (spec::has_return_value(rule.rule.action) && rule.rule.action == spec::SeccompAction::kErrno)
    action += fmt::format(" {}", rule.rule.errno_ret.value_or(1));
  return fmt::format("rule {} (line {}): {}", index, rule.line, action);
}

std::string absence_text(const ProfileRule& rule, const Situation& situation) {
  const auto names = [](std::uint64_t mask) { return join(spec::capability_names(mask), ", "); };
  switch (absence(rule, situation)) {
    case Absence::kNone: break;
    case Absence::kLacksCapability: {
      const std::uint64_t lacking = rule.includes.capabilities & ~situation.capabilities;
      return lacking == 0 ? "it depends on a capability that no kernel has"
                          : fmt::format("the container lacks {}", names(lacking));
    }
    case Absence::kHasCapability:
      return fmt::format("the container has {}", names(rule.excludes.capabilities & situation.capabilities));
    case Absence::kArchitecture: return fmt::format("it is not for {}", situation.native->go_name);
    case Absence::kKernel: return fmt::format("the kernel is {}.{}", situation.kernel.major, situation.kernel.minor);
  }
  return {};
}

std::string condition_text(const spec::SeccompArgument& condition) {
  switch (condition.op) {
    case spec::SeccompOperator::kNotEqual: return fmt::format("argument {} != {}", condition.index, condition.value);
    case spec::SeccompOperator::kLess: return fmt::format("argument {} < {}", condition.index, condition.value);
    case spec::SeccompOperator::kLessOrEqual: return fmt::format("argument {} <= {}", condition.index, condition.value);
    case spec::SeccompOperator::kEqual: return fmt::format("argument {} == {}", condition.index, condition.value);
    case spec::SeccompOperator::kGreaterOrEqual:
      return fmt::format("argument {} >= {}", condition.index, condition.value);
    case spec::SeccompOperator::kGreater: return fmt::format("argument {} > {}", condition.index, condition.value);
    case spec::SeccompOperator::kMaskedEqual:
      return fmt::format("argument {} & {:#x} == {:#x}", condition.index, condition.value, condition.value_two);
  }
  return {};
}

// "argument 0 == 40 is false" of the first that is.
std::string conditions_text(const spec::SeccompRule& rule, const Architecture& architecture, const MadeCall& call) {
  std::vector<std::string> texts;
  for (const spec::SeccompArgument& condition : rule.args)
    texts.push_back(fmt::format("{} is {}", condition_text(condition), holds(condition, architecture, call)));
  return join(texts, splits(rule.args) ? ", or: " : ", ");
}

MadeCall made_call(const Question& question) {
  MadeCall made{question.architecture->audit, question.call->number(question.architecture->abi).value_or(0), {}};
  std::copy_n(question.arguments.begin(), std::min<std::size_t>(question.arguments.size(), made.arguments.size()),
              made.arguments.begin());
  return made;
}

}  // namespace

Explanation explain(const Question& question) {
  const spec::Seccomp seccomp = resolve(question.profile, question.situation);
  const MadeCall made = made_call(question);
  Explanation told{.decision = decide(seccomp, made, *question.situation.native)};
  told.outcome = outcome(told.decision.answer, seccomp);

  std::size_t resolved = 0;  // the index that a rule has among those that are there
  for (std::size_t i = 0; i < question.profile.rules.size(); ++i) {
    const ProfileRule& rule = question.profile.rules[i];
    const std::string absent = absence_text(rule, question.situation);
    const std::size_t own = resolved;
    if (absent.empty()) ++resolved;
    const bool decides = absent.empty() && told.decision.ground == Ground::kRule && told.decision.rule == own;
    if (decides) told.ground = rule_name(rule, i);
    const bool names_it = std::ranges::find(rule.rule.names, question.call->name) != rule.rule.names.end();
    if (!names_it && !decides) continue;
    Verdict& verdict = told.verdicts.emplace_back(Verdict{.rule = i, .decides = decides});
    if (!absent.empty()) {
      verdict.because = "is not there: " + absent;
    } else if (answer(rule.rule.action, rule.rule.errno_ret) == default_answer(seccomp)) {
      verdict.because = "says what the default action says, and is no rule";
    } else if (decides) {
      verdict.because = rule.rule.args.empty() ? "decides: it has no conditions"
                                               : "decides: " + conditions_text(rule.rule, *question.architecture, made);
    } else {
      const std::string conditions = conditions_text(rule.rule, *question.architecture, made);
      verdict.because = is_true(rule.rule, *question.architecture, made)
                            ? "comes too late" + (conditions.empty() ? "" : ": " + conditions)
                            : "does not decide: " + conditions;
    }
  }
  const std::string default_word(spec::action_word(seccomp.default_action));
  switch (told.decision.ground) {
    case Ground::kRule: break;
    case Ground::kDefault: told.ground = "the default action: " + default_word; break;
    case Ground::kNewer: told.ground = "its number, which is above all that the profile names"; break;
    case Ground::kForeign:
      told.ground =
          fmt::format("its architecture, {}, which the profile does not have", question.architecture->go_name);
      break;
  }
  return told;
}

std::string as_text(const Question& question, const Explanation& explanation) {
  std::vector<std::string> arguments;
  for (const std::uint64_t argument : question.arguments) arguments.push_back(fmt::format("{}", argument));
  std::string text = fmt::format("{}({}) {}\ndecided by {}\n", question.call->name, join(arguments, ", "),
                                 explanation.outcome, explanation.ground);
  if (explanation.verdicts.empty()) text += "no rule names it\n";
  for (const Verdict& verdict : explanation.verdicts)
    text += fmt::format("  {} {}\n", rule_name(question.profile.rules[verdict.rule], verdict.rule), verdict.because);
  return text;
}

std::string as_json(const Question& question, const Explanation& explanation) {
  constexpr std::string_view kGrounds[] = {"rule", "default", "newer", "architecture"};
  nlohmann::ordered_json document = {{"version", 1},
                                     {"call", question.call->name},
                                     {"arguments", question.arguments},
                                     {"architecture", question.architecture->word},
                                     {"answer", explanation.decision.answer},
                                     {"outcome", explanation.outcome},
                                     {"ground", kGrounds[static_cast<std::size_t>(explanation.decision.ground)]}};
  document["rules"] = nlohmann::ordered_json::array();
  for (const Verdict& verdict : explanation.verdicts) {
    const ProfileRule& rule = question.profile.rules[verdict.rule];
    document["rules"].push_back({{"index", verdict.rule},
                                 {"line", rule.line},
                                 {"action", spec::action_word(rule.rule.action)},
                                 {"decides", verdict.decides},
                                 {"because", verdict.because}});
  }
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace caisson::seccomp
