#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "oci/command.h"
#include "oci/foreground.h"
#include "runtime/exec.h"
#include "spec/capability.h"

namespace caisson::oci {

namespace {

struct ExecInput {
  runtime::ExecOptions exec;
  std::string cwd;
  std::vector<std::string> env;
  std::optional<bool> tty;
  std::string user;
  std::vector<std::uint32_t> additional_gids;
  std::string process_label;
  std::string apparmor;
  bool no_new_privileges = false;
  std::vector<std::string> capabilities;
  std::vector<std::string> command;
};

using runtime::ExecOptions;

template <std::string ExecOptions::* member>
Result<> set_path(ExecInput& input, const Use& use) {
  input.exec.*member = std::string(use.value);
  return {};
}

Result<std::uint32_t> read_id(std::string_view text) {
  const auto number = parse_unsigned(text);
  if (!number || *number >= 0xffffffff)
    return fail(complaint(fmt::format("'{}' is not a user's or group's number", text)));
  return static_cast<std::uint32_t>(*number);
}

Result<> set_user(spec::User& user, std::string_view text) {
  const Cut parts = cut(text, ':');
  user.uid = TRY(read_id(parts.head));
  if (parts.tail) user.gid = TRY(read_id(*parts.tail));
  return {};
}

Result<> add_group(ExecInput& input, const Use& use) {
  input.additional_gids.push_back(TRY(read_id(use.value)));
  return {};
}

Result<> add_variable(ExecInput& input, const Use& use) {
  input.env.emplace_back(use.value);
  return {};
}

Result<> add_capability(ExecInput& input, const Use& use) {
  input.capabilities.emplace_back(use.value);
  return {};
}

// What is not known is warned of, as it is in a configuration (config.md, "Linux Process").
std::uint64_t known_ones(const std::vector<std::string>& names, const Log& log) {
  std::uint64_t known = 0;
  for (const std::string& name : names) {
    if (const auto number = spec::capability_number(name)) {
      known |= spec::capability_bit(*number);
    } else {
      log.warning(fmt::format("--cap {}: left out, for it is not a known capability", name));
    }
  }
  return known;
}

Result<> set_preserved(ExecInput& input, const Use& use) {
  input.exec.preserve_fds = TRY(read_count(use));
  return {};
}

constexpr std::string_view kWhat = "What is run";
constexpr std::string_view kHow = "How it is served";

constexpr std::array kOptions = {
    Option<ExecInput>{
        {"process", 'p', "FILE", kWhat, "The process as JSON; the command line's command is not needed then"},
        set_path<&ExecOptions::process_file>},
    Option<ExecInput>{{"cwd", 0, "DIR", kWhat, "Run in this directory of the container"},
                      set_text<ExecInput, &ExecInput::cwd>},
    Option<ExecInput>{{"env", 'e', "NAME=VALUE", kWhat, "Set a variable", true}, add_variable},
    Option<ExecInput>{{"tty", 't', {}, kWhat, "Give it a terminal"},
                      [](ExecInput& input, const Use& use) -> Result<> {
                        input.tty = use.value == "true";
                        return {};
                      }},
    Option<ExecInput>{{"user", 'u', "UID[:GID]", kWhat, "Run as this user"}, set_text<ExecInput, &ExecInput::user>},
    Option<ExecInput>{{"additional-gids", 'g', "GID", kWhat, "Be in this group too", true}, add_group},
    Option<ExecInput>{{"process-label", 0, "LABEL", kWhat, "Run with this SELinux label"},
                      set_text<ExecInput, &ExecInput::process_label>},
    Option<ExecInput>{{"apparmor", 0, "PROFILE", kWhat, "Run under this AppArmor profile"},
                      set_text<ExecInput, &ExecInput::apparmor>},
    Option<ExecInput>{{"no-new-privs", 0, {}, kWhat, "Set-user-id programs and file capabilities give nothing"},
                      set_flag<ExecInput, &ExecInput::no_new_privileges>},
    Option<ExecInput>{{"cap", 'c', "CAPABILITY", kWhat, "Give it this capability too", true}, add_capability},
    Option<ExecInput>{{"cgroup", 0, "[CONTROLLER,…:]PATH", kWhat, "Run in this cgroup below the container's", true},
                      [](ExecInput& input, const Use& use) -> Result<> {
                        input.exec.cgroups.emplace_back(use.value);
                        return {};
                      }},
    Option<ExecInput>{{"detach", 'd', {}, kHow, "Do not wait for its end"},
                      [](ExecInput& input, const Use& use) -> Result<> {
                        input.exec.detaches = use.value == "true";
                        return {};
                      }},
    Option<ExecInput>{{"pid-file", 0, "FILE", kHow, "Write its pid to FILE"}, set_path<&ExecOptions::pid_file>},
    Option<ExecInput>{{"console-socket", 0, "SOCKET", kHow, "Send the terminal's master to the Unix socket at SOCKET"},
                      set_path<&ExecOptions::console_socket>},
    Option<ExecInput>{{"pidfd-socket", 0, "SOCKET", kHow, "Send a pidfd of it to the socket there"},
                      set_path<&ExecOptions::pidfd_socket>},
    Option<ExecInput>{{"preserve-fds", 0, "N", kHow, "Pass on N more open files, from number 3"}, set_preserved},
    Option<ExecInput>{{"ignore-paused", 0, {}, kHow, "Also in a paused container, where it waits"},
                      [](ExecInput& input, const Use& use) -> Result<> {
                        input.exec.ignore_paused = use.value == "true";
                        return {};
                      }},
    Option<ExecInput>{{"no-subreaper", 0, {}, kHow, "Without effect: this command reaps what it started alone"},
                      accept<ExecInput>},
};

// The container's own process, or the one of --process, as the options have it.
Result<> change(const ExecInput& input, spec::Process& process, const Log& log) {
  const bool from_file = !input.exec.process_file.empty();
  if (!from_file) {
    process.args = input.command;
    process.terminal = false;
    process.console_size.reset();
  }
  if (input.tty) process.terminal = *input.tty;
  if (!input.cwd.empty()) process.cwd = input.cwd;
  if (!process.cwd.starts_with('/')) return fail(in("--cwd", complaint(process.cwd + " is not an absolute path")));
  for (const std::string& variable : input.env) {
    if (variable.find('=', 1) == std::string::npos)
      return fail(in("--env", complaint(fmt::format("invalid environment variable '{}': not NAME=VALUE", variable))));
    process.env.push_back(variable);
  }
  if (!input.user.empty()) TRY_IN("--user", set_user(process.user, input.user));
  process.user.additional_gids.insert(process.user.additional_gids.end(), input.additional_gids.begin(),
                                      input.additional_gids.end());
  if (!input.process_label.empty()) process.selinux_label = input.process_label;
  if (!input.apparmor.empty()) process.apparmor_profile = input.apparmor;
  if (input.no_new_privileges) process.no_new_privileges = true;
  if (const std::uint64_t more = known_ones(input.capabilities, log); more != 0) {
    // Neither inheritable nor ambient: what is executed next does not have it by inheritance (CVE-2022-29162).
    spec::Capabilities& sets = process.capabilities ? *process.capabilities : process.capabilities.emplace();
    sets.bounding |= more;
    sets.permitted |= more;
    sets.effective |= more;
  }
  return {};
}

}  // namespace

int verb_exec(const Command& command) {
  ExecInput input;
  int status = 0;
  const auto operands = read_options(command, kOptions, input, Order::kBeforeOperands, {1, 10'000}, status);
  if (!operands) return status;
  input.command.assign(operands->begin() + 1, operands->end());
  if (input.command.empty() && input.exec.process_file.empty())
    return refuse(
        command, complaint("process args cannot be empty", "usage: caisson-oci exec [OPTION…] ID COMMAND [ARGUMENT…]"));
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  const Result<runtime::Container> container = runtime::find_container(command.root, operands->front());
  if (!container) return refuse(command, container.error());
  if (command.strict) input.exec.strictness = spec::Strictness::kStrict;
  input.exec.change = [&](spec::Process& process) { return change(input, process, command.report.log()); };
  if (!input.exec.detaches) hold_signals();
  auto executed = runtime::exec(command.root, *container, input.exec, command.report.log());
  if (!executed) return refuse(command, executed.error());
  if (input.exec.detaches) return 0;
  const Result<int> ended = await_end(executed->pid, std::move(executed->terminal), Reap::kItAlone);
  return ended ? *ended : refuse(command, ended.error());
}

}  // namespace caisson::oci
