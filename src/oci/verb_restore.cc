#include <sys/prctl.h>

#include "oci/checkpoint_options.h"
#include "oci/create_options.h"
#include "oci/foreground.h"
#include "runtime/remove.h"
#include "runtime/restore.h"

namespace caisson::oci {

namespace {

struct RestoreInput {
  runtime::CreateOptions create;
  runtime::CriuRestoreOptions criu;
  bool detach = false;
  bool subreaper = true;
};
using runtime::CreateOptions;
using runtime::CriuRestoreOptions;

template <std::string CreateOptions::* member>
Result<> set_path(RestoreInput& input, const Use& use) {
  input.create.*member = std::string(use.value);
  return {};
}

template <std::string CriuRestoreOptions::* member>
Result<> set_criu_text(RestoreInput& input, const Use& use) {
  input.criu.*member = std::string(use.value);
  return {};
}

Result<> set_lsm_profile(RestoreInput& input, const Use& use) {
  if (!use.value.starts_with("apparmor:") && !use.value.starts_with("selinux:"))
    return fail(complaint(fmt::format("'{}' is neither apparmor:NAME nor selinux:LABEL", use.value)));
  return set_criu_text<&CriuRestoreOptions::lsm_profile>(input, use);
}

constexpr auto kOptions = joined(
    common_criu_rows<RestoreInput>(),
    std::array{
        Option<RestoreInput>{{"bundle", 'b', "DIR", {}, "The bundle (default: the working directory)"},
                             set_path<&CreateOptions::bundle>},
        Option<RestoreInput>{{"detach", 'd', {}, {}, "Do not wait for its end"},
                             set_flag<RestoreInput, &RestoreInput::detach>},
        Option<RestoreInput>{{"pid-file", 0, "FILE", {}, "Write its process's pid to FILE"},
                             set_path<&CreateOptions::pid_file>},
        Option<RestoreInput>{
            {"console-socket", 0, "SOCKET", {}, "Send the terminal's master to the Unix socket at SOCKET"},
            set_path<&CreateOptions::console_socket>},
        Option<RestoreInput>{{"no-subreaper", 0, {}, {}, "Do not reap what loses its parent while this command waits"},
                             [](RestoreInput& input, const Use& use) -> Result<> {
                               input.subreaper = use.value != "true";
                               return {};
                             }},
        Option<RestoreInput>{{"no-pivot", 0, {}, {}, "Without effect: how the root is entered is criu's affair"},
                             accept<RestoreInput>},
        Option<RestoreInput>{{"tcp-close", 0, {}, {}, "Restore open TCP connections as closed ones"},
                             [](RestoreInput& input, const Use& use) -> Result<> {
                               input.criu.tcp_close = use.value == "true";
                               return {};
                             }},
        Option<RestoreInput>{{"lsm-profile", 0, "TYPE:NAME", {}, "Another profile of AppArmor, or label of SELinux"},
                             set_lsm_profile},
        Option<RestoreInput>{
            {"lsm-mount-context", 0, "CONTEXT", {}, "Another SELinux context of the mounts that have one"},
            set_criu_text<&CriuRestoreOptions::lsm_mount_context>},
    });

Result<> check(const RestoreInput& input) {
  if (input.create.console_socket.empty() || input.detach) return {};
  return fail(complaint("cannot use console socket if runc will not detach or allocate tty",
                        "--detach, where somebody else is to serve the terminal"));
}

// One whose end this command saw goes with all that was kept of it.
int wait_and_conclude(const Command& command, runtime::Restored restored, bool subreaper) {
  const Result<int> status =
      await_end(restored.record.process.pid, std::move(restored.terminal), subreaper ? Reap::kAll : Reap::kItAlone);
  if (!status) return refuse(command, status.error());
  const Result<> removed = runtime::remove(command.root, {restored.record, runtime::Status::kStopped},
                                           runtime::Force::kYes, command.report.log());
  return removed ? *status : refuse(command, removed.error());
}

}  // namespace

int verb_restore(const Command& command) {
  RestoreInput input;
  int status = 0;
  const auto operands = read_options(command, kOptions, input, Order::kAnywhere, {}, status);
  if (!operands) return status;
  if (const Result<> sensible = check(input); !sensible) return refuse(command, sensible.error());
  if (const Result<> complete = complete_paths(input.criu); !complete) return refuse(command, complete.error());
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  warn_ordinary_user(command);
  input.create.id = operands->front();
  input.create.begin = runtime::Begin::kAtOnce;
  input.create.serves_terminal = !input.detach || input.criu.shell_job;
  choose_cgroups(command, input.create);
  if (command.strict) input.create.strictness = spec::Strictness::kStrict;
  if (!input.detach) hold_signals();
  // Before there is a process that could lose its parent, criu.
  if (!input.detach && input.subreaper) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  auto restored = runtime::restore(command.root, {.create = input.create, .criu = input.criu}, command.report.log());
  if (!restored) return refuse(command, restored.error());
  return input.detach ? 0 : wait_and_conclude(command, std::move(*restored), input.subreaper);
}

}  // namespace caisson::oci
