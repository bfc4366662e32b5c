#include "engine/monitor.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kLaunched = "launched\n";

std::vector<std::string> arguments_of(const MonitorCommand& command) {
  std::vector<std::string> arguments = {command.program, "--pid=" + std::to_string(command.pid)};
  const std::pair<std::string_view, int> descriptors[] = {
      {"--pidfd=", command.pidfd}, {"--input=", command.input},       {"--output=", command.output},
      {"--error=", command.error}, {"--terminal=", command.terminal}, {"--listener=", command.listener}};
  for (const auto& [option, descriptor] : descriptors) {
    if (descriptor >= 0) arguments.push_back(std::string(option) + std::to_string(descriptor));
  }
  if (!command.log.empty()) {
    arguments.push_back("--log=" + command.log);
    arguments.push_back(fmt::format("--log-bytes={}", command.log_bytes));
    arguments.push_back(fmt::format("--log-files={}", command.log_files));
    if (command.log_format == keeper::EntryFormat::kJson) arguments.emplace_back("--log-json");
  }
  if (!command.journal.empty()) arguments.push_back("--journal=" + command.journal);
  if (command.timeout_s != 0) arguments.push_back("--timeout=" + std::to_string(command.timeout_s));
  arguments.push_back(fmt::format("--stop-signal={}", command.stop_signal));
  if (command.stop_timeout_s >= 0) arguments.push_back(fmt::format("--stop-timeout={}", command.stop_timeout_s));
  if (!command.check.empty()) {
    arguments.push_back(fmt::format("--check-interval={}", command.check_interval_ms));
    arguments.push_back(fmt::format("--check-start-interval={}", command.check_start_interval_ms));
    arguments.push_back(fmt::format("--check-start-period={}", command.check_start_period_ms));
    arguments.insert(arguments.end(), command.check.begin(), command.check.end());
  }
  if (!command.clean_up.empty()) {
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), command.clean_up.begin(), command.clean_up.end());
  }
  return arguments;
}

void let_inherit(int descriptor) {
  if (descriptor >= 0) ::fcntl(descriptor, F_SETFD, 0);
}

}  // namespace

void leave_preserved(std::uint32_t preserve_fds) {
  for (std::uint32_t fd = 3; fd < 3 + preserve_fds; ++fd) ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
}

void execute_monitor(const MonitorCommand& command, int also) {
  std::vector<std::string> arguments = arguments_of(command);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  for (const int descriptor :
       {command.pidfd, command.input, command.output, command.error, command.terminal, command.listener, also}) {
    let_inherit(descriptor);
  }
  ::execv(command.program.c_str(), pointers.data());
}

void report_launched(int pipe) { (void)kernel::write_all(pipe, kLaunched, "report"); }

void report_failure(int pipe, const runtime::LaunchError& error) {
  (void)kernel::write_all(pipe, std::to_string(error.exit_status) + "\n" + error.line + "\n" + error.hint + "\n",
                          "report");
}

std::expected<void, runtime::LaunchError> read_launch_report(int pipe) {
  const std::string text = kernel::read_all(pipe, "report").value_or("");
  if (text == kLaunched) return {};
  // A failure after that one: the monitor could not be executed.
  const std::string_view failure = std::string_view(text).substr(text.starts_with(kLaunched) ? kLaunched.size() : 0);
  const std::vector<std::string_view> lines = split(failure, '\n');
  const auto status = lines.size() < 3 ? std::nullopt : parse_unsigned(lines[0]);
  if (!status)
    return std::unexpected(
        runtime::LaunchError{.line = "the process that was to keep the container was killed", .hint = {}});
  return std::unexpected(runtime::LaunchError{
      .line = std::string(lines[1]), .hint = std::string(lines[2]), .exit_status = static_cast<int>(*status)});
}

}  // namespace caisson::engine
