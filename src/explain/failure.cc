#include "explain/failure.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/signals.h"
#include "base/text.h"
#include "explain/call.h"
#include "explain/hints.h"
#include "explain/names.h"
#include "explain/words.h"

namespace caisson::explain {

namespace {

using plan::Call;
using plan::Failure;
using plan::Plan;
using plan::Step;

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

// The program that could not be executed, or would not be.
struct Program {
  plan::Range candidates;
  plan::Range arguments;
};
std::optional<Program> failed_program(const Plan& plan, const Failure& failure) {
  const Step* step = failed_step(plan, failure);
  if (step == nullptr) return std::nullopt;
  if (const auto* exec = std::get_if<plan::Exec>(&step->action)) return Program{exec->candidates, exec->arguments};
  if (const auto* find = std::get_if<plan::FindProgram>(&step->action))
    return Program{find->candidates, find->arguments};
  return std::nullopt;
}

// podman, containerd and moby look for these words.
std::string exec_line(const Plan& plan, const Program& exec, const plan::StepFailure& what) {
  const std::string command = exec.arguments.count == 0 ? "" : plan.c_str(plan.texts(exec.arguments)[0]);
  if (is_missing(what.error) && command.find('/') == std::string::npos) {
    return fmt::format("exec: \"{}\": executable file not found in $PATH: {}", command, errno_words(what.error));
  }
  const bool known = what.operand < exec.candidates.count;
  return fmt::format("exec: \"{}\": {}", known ? plan.c_str(plan.texts(exec.candidates)[what.operand]) : command,
                     errno_words(what.error));
}

// What the hook printed last, on the same line.
std::string hook_words(std::string_view printed) {
  while (!printed.empty() && static_cast<unsigned char>(printed.back()) <= ' ') printed.remove_suffix(1);
  if (printed.empty()) return {};
  std::string words(printed);
  std::replace(words.begin(), words.end(), '\n', ' ');
  return fmt::format("; it said: {}", words);
}

// Where runc's callers know words of runc's, those: "error running prestart hook #1: /bin/false", of
// "hooks.prestart[1]".
std::string briefly(const Plan& plan, const Step& step, const plan::Action& action) {
  if (const auto* hook = std::get_if<plan::RunHook>(&action)) {
    const Cut list = cut(cut(plan.view(step.item), '.').tail.value_or(""), '[');
    const std::string_view number = cut(list.tail.value_or(""), ']').head;
    return fmt::format("error running {} hook #{}: {}", list.head, number, plan.view(hook->path));
  }
  if (const auto* agent = std::get_if<plan::SendListener>(&action))
    return fmt::format("failed to connect with seccomp agent {}", plan.view(agent->path));
  return describe_briefly(plan, action);
}

// The other lane went without a word, or said what it should not have.
std::string protocol_line(const Plan& plan, const Step* step, const Failure& failure) {
  const auto* await = step == nullptr ? nullptr : std::get_if<plan::Await>(&step->action);
  const std::string until =
      await == nullptr ? "before it was done" : fmt::format("before it said '{}'", tag_name(await->tag));
  if (!failure.wait_status) {
    return fmt::format("{}: the other process went away or said something else",
                       step == nullptr ? "setting up" : describe_briefly(plan, step->action));
  }
  const int status = *failure.wait_status;
  if (WIFSIGNALED(status)) {
    return fmt::format("the container's process was killed by signal {} ({}) {}", WTERMSIG(status),
                       signal_name(WTERMSIG(status)), until);
  }
  return fmt::format("the container's process ended with status {} {}", WEXITSTATUS(status), until);
}

std::string line(const Plan& plan, const Failure& failure) {
  const Step* step = failed_step(plan, failure);
  const plan::StepFailure& what = failure.what;
  if (what.call == Call::kProtocol) return protocol_line(plan, step, failure);
  if (step == nullptr) return fmt::format("{}: {}", plan::call_name(what.call), errno_words(what.error));
  if (const auto program = failed_program(plan, failure)) return exec_line(plan, *program, what);

  std::string text;
  if (step->item) text += fmt::format("{}: ", plan.view(step->item));
  text += briefly(plan, *step, failed_action(plan, *step, what));
  if (what.alternative != 0) text += fmt::format(" (after '{}' was refused)", describe_briefly(plan, step->action));
  if (what.call == Call::kSystemd) {
    const std::string_view said = cut(failure.said, '\n').head;
    return fmt::format("{}: {}", text, said.empty() ? "it ended without a word" : said);
  }
  if (const std::string call = describe_call(plan, failed_action(plan, *step, what), what); !call.empty())
    text += ": " + call;
  if (what.error != 0) text += ": " + errno_words(what.error);
  if (what.call == Call::kHookStatus || what.call == Call::kHookTimeout) text += hook_words(failure.said);
  return text;
}

}  // namespace

const Step* failed_step(const Plan& plan, const Failure& failure) {
  const std::vector<Step>& lane = plan.lane(failure.lane);
  return failure.what.step < lane.size() ? &lane[failure.what.step] : nullptr;
}

const plan::Action& failed_action(const Plan& plan, const Step& step, const plan::StepFailure& what) {
  return what.alternative != 0 && step.fallback != plan::kNoFallback ? plan.fallback(step).action : step.action;
}

Told tell(const Plan& plan, const Failure& failure, const HostFacts& facts) {
  Told told{line(plan, failure), hint(plan, failure, facts)};
  if (failure.what.call == Call::kSystemd && told.hint.empty())
    told.hint = cut(cut(failure.said, '\n').tail.value_or(""), '\n').head;
  for (const Failure& undo : failure.undo) told.line += "; and while cleaning up: " + line(plan, undo);
  return told;
}

int exit_status(const Plan& plan, const Failure& failure) {
  if (!failed_program(plan, failure) || failure.what.call == Call::kProtocol) return 125;
  return is_missing(failure.what.error) ? 127 : 126;
}

}  // namespace caisson::explain
