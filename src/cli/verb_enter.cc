#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "command_line/options.h"
#include "engine/exec.h"

namespace caisson::cli {

namespace {

struct NamespaceWord {
  std::string_view word;
  spec::NamespaceType type;
};
constexpr std::array kWords = {
    NamespaceWord{"mnt", spec::NamespaceType::kMount},       NamespaceWord{"mount", spec::NamespaceType::kMount},
    NamespaceWord{"pid", spec::NamespaceType::kPid},         NamespaceWord{"net", spec::NamespaceType::kNetwork},
    NamespaceWord{"network", spec::NamespaceType::kNetwork}, NamespaceWord{"ipc", spec::NamespaceType::kIpc},
    NamespaceWord{"uts", spec::NamespaceType::kUts},         NamespaceWord{"user", spec::NamespaceType::kUser},
    NamespaceWord{"cgroup", spec::NamespaceType::kCgroup},   NamespaceWord{"time", spec::NamespaceType::kTime}};

Result<> add_namespaces(engine::EnterOptions& options, const Use& use) {
  for (const std::string_view word : split(use.value, ',')) {
    const auto found =
        std::find_if(kWords.begin(), kWords.end(), [&](const NamespaceWord& each) { return each.word == word; });
    if (found == kWords.end()) {
      return fail(complaint(fmt::format("there is no namespace '{}'", word),
                            "mnt, pid, net, ipc, uts, user, cgroup and time are there"));
    }
    options.only.insert(found->type);
  }
  return {};
}

const Option<engine::EnterOptions> kOptions[] = {
    {{"only",
      0,
      "NAMESPACES",
      {},
      "These alone: mnt,pid,net,ipc,uts,user,cgroup,time (default: all that differ, the root and the cgroups)",
      true},
     add_namespaces},
};

}  // namespace

Manual enter_manual() {
  return {"[--only NAMESPACES] PID [COMMAND…]", "Runs a command, or a shell, where a process is.", spellings(kOptions),
          Order::kBeforeOperands};
}

int verb_enter(const Command& command) {
  engine::EnterOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kBeforeOperands);
  if (!parsed) return refuse(command, parsed.error());
  const auto pid = parsed->operands.empty() ? std::nullopt : parse_unsigned(parsed->operands[0]);
  if (!pid || *pid == 0 || *pid > INT32_MAX) return refuse(command, complaint("the pid of a process is needed"));
  options.pid = static_cast<pid_t>(*pid);
  options.command.assign(parsed->operands.begin() + 1, parsed->operands.end());
  if (const int status = protect_own_executable(command); status != 0) return status;
  const engine::RunResult result = engine::enter(options, command.log);
  return result ? *result : refuse(command, result.error());
}

}  // namespace caisson::cli
