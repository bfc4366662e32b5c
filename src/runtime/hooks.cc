#include "runtime/hooks.h"

#include <string_view>

#include "execute/executor.h"
#include "explain/failure.h"

namespace caisson::runtime {

namespace {

Result<> run_hook(const spec::Config& config, const spec::Hook& hook, const std::string& item, std::string_view status,
                  pid_t pid, const HostFacts& facts, const plan::Request& request) {
  const plan::Plan plan = TRY(plan::plan_hook(config, hook, item, status, facts, request));
  execute::Executor executor(plan);
  executor.give(plan::kSlotPid, pid);
  const auto run = executor.run(nullptr);
  if (run) return {};
  explain::Told told = explain::tell(plan, run.error(), facts);
  return fail(complaint(std::move(told.line), std::move(told.hint)));
}

std::string item(std::string_view list, std::size_t number) {
  return "hooks." + std::string(list) + "[" + std::to_string(number) + "]";
}

Result<> run_hooks(const spec::Config& config, std::string_view list, const std::vector<spec::Hook>& hooks,
                   std::string_view status, pid_t pid, const HostFacts& facts, const plan::Request& request) {
  for (std::size_t i = 0; i < hooks.size(); ++i)
    TRY(run_hook(config, hooks[i], item(list, i), status, pid, facts, request));
  return {};
}

}  // namespace

Result<> run_creation_hooks(const spec::Config& config, pid_t pid, const HostFacts& facts,
                            const plan::Request& request) {
  TRY(run_hooks(config, "prestart", config.hooks.prestart, "creating", pid, facts, request));
  return run_hooks(config, "createRuntime", config.hooks.create_runtime, "creating", pid, facts, request);
}

Result<> run_poststart_hooks(const spec::Config& config, pid_t pid, const HostFacts& facts,
                             const plan::Request& request) {
  return run_hooks(config, "poststart", config.hooks.poststart, "running", pid, facts, request);
}

std::vector<std::string> run_poststop_hooks(const spec::Config& config, const HostFacts& facts,
                                            const plan::Request& request) {
  std::vector<std::string> warnings;
  const std::vector<spec::Hook>& hooks = config.hooks.poststop;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const Result<> run = run_hook(config, hooks[i], item("poststop", i), "stopped", 0, facts, request);
    if (run) continue;
    const Error& error = run.error();
    warnings.push_back(error.hint.empty() ? error.text() : error.text() + " (" + error.hint + ")");
  }
  return warnings;
}

}  // namespace caisson::runtime
