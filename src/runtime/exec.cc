#include "runtime/exec.h"

#include <signal.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "cgroup/place.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "plan/build.h"
#include "runtime/bundle.h"
#include "runtime/create.h"
#include "runtime/hand_over.h"
#include "runtime/target.h"

namespace caisson::runtime {

namespace {

Result<> check(const Container& container, const ExecOptions& options) {
  switch (container.status) {
    case Status::kCreating: return fail(complaint("cannot exec in a container that is still being created"));
    case Status::kCreated:
    case Status::kRunning: return {};
    case Status::kPaused:
      if (options.ignore_paused) return {};
      return fail(complaint("cannot exec in a paused container (use --ignore-paused to override)"));
    case Status::kStopped: return fail(complaint("cannot exec in a stopped container"));
  }
  return {};
}

Result<spec::Process> process_of(const spec::Config& config, const ExecOptions& options, const Log& log) {
  spec::Process process = config.process;
  if (!options.process_file.empty()) {
    const std::string text = TRY(kernel::read_file(options.process_file));
    spec::ProcessReading reading = spec::read_process(text, config, options.strictness);
    if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, options.process_file));
    for (const spec::Problem& problem : reading.findings.warnings)
      log.warning(options.process_file + ": " + problem.line());
    process = std::move(reading.process);
    if (!process.capabilities) process.capabilities = config.process.capabilities;
  }
  if (options.change) TRY(options.change(process));
  return process;
}

// The cgroups that the process joins. A v2 cgroup that hands controllers down admits nobody (cgroup-v2.rst, "No
// Internal Process Constraint"): what has made it do so, a service manager in the container, has moved down, and is
// followed.
Result<std::vector<std::string>> cgroups_for(const Record& record, const ExecOptions& options, const HostFacts& facts) {
  std::vector<std::string> joined =
      TRY_IN("--cgroup", cgroup::sub_cgroups(options.cgroups, record.cgroup_directories, facts));
  return options.cgroups.empty() ? cgroups_to_join(std::move(joined), record.process.pid, facts) : joined;
}

struct Ready {
  HostFacts facts;
  plan::Plan plan;
  Fd target;
};

Result<Ready> prepare(const StateRoot& root, const Container& container, const ExecOptions& options, const Log& log) {
  TRY(check(container, options));
  const Record& record = container.record;
  Result<Fd> target = kernel::open_process(record.process);
  if (!target && target.error().number == ESRCH) return fail(complaint("cannot exec in a stopped container"));
  if (!target) return fail(std::move(target).error());
  Bundle bundle = TRY(reread_bundle(record.bundle, root.config(record.id)));
  const spec::Process process = TRY(process_of(bundle.config, options, log));
  if (process.terminal && options.detaches && options.console_socket.empty())
    return fail(complaint("cannot allocate tty if runc will detach without setting console socket"));
  if (!options.console_socket.empty() && (!process.terminal || !options.detaches))
    return fail(complaint("cannot use console socket if runc will not detach or allocate tty"));
  Ready ready{.facts = host::probe(), .plan = {}, .target = std::move(*target)};
  plan::Request request;
  request.preserve_fds = options.preserve_fds;
  request.terminal_adds_returns = options.detaches;
  request.systemd_program = record.choices.systemd_program;
  request.set_groups = may_set_groups(record.process.pid) && !plan::keeps_groups(bundle.config);
  request.state = {
      .id = record.id, .bundle = record.bundle, .pid = record.process.pid, .annotations = record.annotations};
  plan::Target where{.namespaces = TRY(other_namespaces(record.process.pid)),
                     .root = {},
                     .cgroup_directories = TRY(cgroups_for(record, options, ready.facts)),
                     .systemd_unit = record.systemd_is_user && options.cgroups.empty() ? record.systemd_unit : ""};
  plan::inherit(bundle.config, where);
  ready.plan = TRY(plan::plan_process(process, where, ready.facts, request));
  for (const std::string& warning : ready.plan.warnings()) log.warning(warning);
  return ready;
}

Result<> hand_over(const ExecOptions& options, const Fd& console, Executed& executed) {
  if (console) {
    TRY_IN("--console-socket", send_descriptor(console, "/dev/ptmx", executed.terminal));
    executed.terminal = Fd();
  }
  if (!options.pidfd_socket.empty()) {
    const Fd socket = TRY_IN("--pidfd-socket", connect_to(options.pidfd_socket));
    TRY_IN("--pidfd-socket", send_descriptor(socket, "setns", executed.pidfd));
  }
  if (!options.pid_file.empty()) TRY(kernel::replace_file(options.pid_file, std::to_string(executed.pid)));
  return {};
}

}  // namespace

std::expected<Executed, LaunchError> exec(const StateRoot& root, const Container& container, const ExecOptions& options,
                                          const Log& log) {
  Result<Ready> ready = prepare(root, container, options, log);
  if (!ready) return std::unexpected(refusal(ready.error()));
  Result<Fd> console = options.console_socket.empty() ? Result<Fd>(Fd()) : connect_to(options.console_socket);
  if (!console) return std::unexpected(refusal(in("--console-socket", console.error())));
  Result<Streams> streams = own_streams();
  if (!streams) return std::unexpected(refusal(streams.error()));
  Descriptors descriptors = streams->borrowed();
  descriptors.target = ready->target.get();
  tell(ready->plan, log);
  auto launched = launch(ready->plan, descriptors, ready->facts);
  if (!launched) {
    LaunchError error = std::move(launched).error();
    error.line = "unable to start container process: " + error.line;
    return std::unexpected(std::move(error));
  }
  log.debug(fmt::format("the process is {}", launched->pid));
  Executed executed{
      .pid = launched->pid, .pidfd = std::move(launched->pidfd), .terminal = std::move(launched->terminal)};
  if (const Result<> handed = hand_over(options, *console, executed); !handed) {
    ::kill(executed.pid, SIGKILL);
    ::waitpid(executed.pid, nullptr, 0);
    return std::unexpected(refusal(handed.error()));
  }
  return executed;
}

}  // namespace caisson::runtime
