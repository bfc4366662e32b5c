#include "runtime/hooks.h"

#include "execute/executor.h"
#include "explain/failure.h"

namespace caisson::runtime {

namespace {

std::string run_hook(const plan::Plan& plan, pid_t pid, const HostFacts& facts) {
  execute::Executor executor(plan);
  executor.give(plan::kSlotPid, pid);
  const auto run = executor.run(nullptr);
  if (run) return {};
  const explain::Told told = explain::tell(plan, run.error(), facts);
  return told.hint.empty() ? told.line : told.line + " (" + told.hint + ")";
}

}  // namespace

std::vector<std::string> run_late_hooks(const spec::Config& config, std::string_view name, pid_t pid,
                                        const HostFacts& facts, const plan::Request& request) {
  const std::string_view status = name == "poststop" ? "stopped" : "running";
  std::vector<std::string> warnings;
  for (const spec::HookList& kind : spec::kHookLists) {
    const std::vector<spec::Hook>& hooks = config.hooks.*kind.list;
    for (std::size_t i = 0; kind.name == name && i < hooks.size(); ++i) {
      const std::string item = "hooks." + std::string(name) + "[" + std::to_string(i) + "]";
      const Result<plan::Plan> plan = plan::plan_hook(config, hooks[i], item, status, facts, request);
      std::string warning = plan ? run_hook(*plan, pid, facts) : plan.error().text();
      if (!warning.empty()) warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

}  // namespace caisson::runtime
