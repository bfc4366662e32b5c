#include "engine/exec.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/accounts.h"
#include "engine/containers.h"
#include "engine/events.h"
#include "engine/monitor.h"
#include "engine/source.h"
#include "engine/streams.h"
#include "host/probe.h"
#include "keeper/keep.h"
#include "keeper/signals.h"
#include "keeper/socket.h"
#include "kernel/files.h"
#include "plan/build.h"
#include "runtime/target.h"
#include "spec/json.h"
#include "spec/problem.h"
#include "terminal/attach_client.h"
#include "terminal/terminal.h"

namespace caisson::engine {

namespace {

// The variables of `more` over those of `environment`.
void override_variables(std::vector<std::string>& environment, const std::vector<EnvironmentVariable>& more) {
  for (const EnvironmentVariable& variable : more) {
    const std::string prefix = variable.name + "=";
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(prefix); });
    environment.push_back(prefix + variable.value);
  }
}

Result<> change_user(spec::Process& process, const std::string& user, const Live& live) {
  const std::string root = fmt::format("/proc/{}/root", live.process.pid);
  const Account account = TRY_IN(
      "-u " + user, resolve_account(user, {}, read_inside(root, "/etc/passwd"), read_inside(root, "/etc/group")));
  process.user.uid = account.uid;
  process.user.gid = account.gid;
  process.user.additional_gids = account.groups;
  override_variables(process.env, {{"HOME", account.home}});
  // A user who is not root has what was added to the container's, and nothing by being root.
  if (process.capabilities && account.uid != 0) {
    const std::uint64_t added = process.capabilities->ambient;
    process.capabilities->effective = process.capabilities->permitted = process.capabilities->inheritable = added;
  } else if (process.capabilities) {
    process.capabilities->effective = process.capabilities->permitted = process.capabilities->bounding;
    process.capabilities->ambient = process.capabilities->inheritable = 0;
  }
  return {};
}

// What is executed, and the container's configuration, whose bounds are its own.
struct Executed {
  spec::Process process;
  spec::Config config;
};

Result<Executed> executed(const ExecOptions& options, const Places& places, const Container& container,
                          const HostFacts& facts) {
  const std::string path = places.container(container.record.id) + "/config.json";
  spec::Reading reading = spec::read_config(TRY(kernel::read_file(path)));
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, path));
  spec::Process process = reading.config.process;
  process.args = options.command;
  process.terminal = options.tty;
  process.console_size.reset();
  if (options.tty) {
    if (const auto size = terminal::window_size(0))
      process.console_size = spec::ConsoleSize{size->ws_row, size->ws_col};
    const bool has_term = std::any_of(process.env.begin(), process.env.end(),
                                      [](const std::string& v) { return v.starts_with("TERM="); });
    if (!has_term) process.env.emplace_back("TERM=xterm");
  }
  override_variables(process.env, options.env_files);
  override_variables(process.env, options.env);
  if (!options.workdir.empty()) process.cwd = options.workdir;
  if (!options.user.empty()) TRY(change_user(process, options.user, *container.live));
  if (options.privileged) {
    const std::uint64_t all = facts.bounding_capabilities;
    process.capabilities = spec::Capabilities{.bounding = all, .effective = all, .permitted = all};
  }
  return Executed{std::move(process), std::move(reading.config)};
}

// The user that a process of the caller's is in another user namespace: its root, or the first it has.
std::uint32_t root_or_first(pid_t pid, std::string_view map) {
  const std::string text = kernel::read_file(fmt::format("/proc/{}/{}", pid, map)).value_or("");
  std::optional<std::uint64_t> lowest;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) continue;
    const auto id = parse_unsigned(cut(line.substr(begin), ' ').head);
    if (id && (!lowest || *id < *lowest)) lowest = id;
  }
  return static_cast<std::uint32_t>(lowest.value_or(0));
}

struct Launchable {
  HostFacts facts;
  plan::Plan plan;
  Fd target;
  Record container = {};  // of exec
};

// Whether this process may move itself to a cgroup. On v2 it needs to write to the cgroup.procs of the cgroup that both
// are below, too (cgroups(7)): what an ordinary user's systemd runs has none such with the user's login.
bool may_join(const std::string& directory, const HostFacts& facts) {
  const auto unified = std::ranges::find_if(facts.hierarchies, [&](const CgroupHierarchy& hierarchy) {
    return hierarchy.unified && directory.starts_with(hierarchy.path + "/");
  });
  if (unified == facts.hierarchies.end()) return ::access((directory + "/tasks").c_str(), W_OK) == 0;
  const auto is_writable = [](const std::string& cgroup) {
    return ::access((cgroup + "/cgroup.procs").c_str(), W_OK) == 0;
  };
  std::string common = unified->place();
  while (!(directory + "/").starts_with(common + "/")) common.resize(common.rfind('/'));
  return is_writable(directory) && is_writable(common);
}

// An ordinary user stays where it may not move itself. True if that is so.
bool leave_out_closed(std::vector<std::string>& directories, HostFacts& facts) {
  if (!facts.is_ordinary_user() || directories.empty()) return false;
  host::probe_caller_cgroups(facts);
  return std::erase_if(directories, [&](const std::string& directory) { return !may_join(directory, facts); }) != 0;
}

Result<Launchable> plan_exec(const ExecOptions& options, const Places& places, const Log& log) {
  const Container container = TRY(find_container(places, options.container));
  const std::string& name = container.record.name;
  if (!container.live || container.live->process.pid == 0) {
    return fail(complaint(fmt::format("container {} is not running", name), "caisson ps -a shows how it ended"));
  }
  if (container.is_paused) {
    return fail(complaint(fmt::format("container {} is paused", name), fmt::format("caisson unpause {}", name)));
  }
  Result<Fd> target = kernel::open_process(container.live->process);
  if (!target && target.error().number != ESRCH) return fail(std::move(target).error());
  if (!target) return fail(complaint(fmt::format("container {} is not running", name)));
  HostFacts facts = host::probe();
  Executed what = TRY(executed(options, places, container, facts));
  plan::Request request;
  request.death_signal = options.detach ? 0 : SIGKILL;
  request.preserve_fds = options.preserve_fds;
  request.set_groups = runtime::may_set_groups(container.live->process.pid) && !plan::keeps_groups(what.config);
  request.state = {
      .id = container.record.id, .bundle = places.container(container.record.id), .pid = container.live->process.pid};
  plan::Target target_process{.namespaces = TRY(runtime::other_namespaces(container.live->process.pid)),
                              .cgroup_directories = TRY(runtime::cgroups_to_join(container.record.cgroup_directories,
                                                                                 container.live->process.pid, facts))};
  if (leave_out_closed(target_process.cgroup_directories, facts)) {
    log.warning(
        "the process is not in the container's cgroup, and none of its limits is for it: you may move nothing there");
    log.hint("systemd-run --user --scope caisson exec … may, where systemd made the container's");
  }
  plan::inherit(what.config, target_process);
  plan::Plan plan = TRY(plan::plan_process(what.process, target_process, facts, request));
  return Launchable{std::move(facts), std::move(plan), std::move(*target), container.record};
}

int exit_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

RunResult exec_in_foreground(const ExecOptions& options, Launchable& what, const Log& log) {
  keeper::hold_signals();
  Result<Streams> streams = make_streams(options.interactive ? Input::kPipe : Input::kNone);
  if (!streams) return std::unexpected(refusal(streams.error()));
  runtime::Descriptors descriptors = streams->inside();
  descriptors.target = what.target.get();
  auto launched = runtime::launch(what.plan, descriptors, what.facts);
  if (!launched) return std::unexpected(std::move(launched).error());
  streams->close_inside();
  keeper::Kept kept{.pid = launched->pid,
                    .pidfd = std::move(launched->pidfd),
                    .input = std::move(streams->input),
                    .output = std::move(streams->output),
                    .error = std::move(streams->error),
                    .from_input = options.interactive ? 0 : -1,
                    .to_output = 1,
                    .to_error = 2};
  const int status = keeper::keep(kept).value_or(0);
  return with_output_written(exit_code(status), kept.output_error, log);
}

RunResult exec_detached(Launchable& what) {
  Result<Streams> streams = make_silence();
  if (!streams) return std::unexpected(refusal(streams.error()));
  runtime::Descriptors descriptors = streams->inside();
  descriptors.target = what.target.get();
  auto launched = runtime::launch(what.plan, descriptors, what.facts);
  if (!launched) return std::unexpected(std::move(launched).error());
  return 0;  // whoever adopts orphans here reaps it
}

// The part of exec_on_terminal() that becomes the monitor.
int become_monitor(const ExecOptions& options, Launchable& what, const Places& places, const Fd& listener,
                   const Fd& report) {
  ::setsid();
  auto launched = runtime::launch(what.plan, {.target = what.target.get()}, what.facts);
  if (!launched) {
    report_failure(report.get(), launched.error());
    return launched.error().exit_status;
  }
  report_launched(report.get());
  leave_preserved(options.preserve_fds);
  execute_monitor({.program = places.libexec + "/monitor",
                   .pid = launched->pid,
                   .pidfd = launched->pidfd.get(),
                   .terminal = launched->terminal.get(),
                   .listener = listener.get()},
                  -1);
  const runtime::LaunchError error = refusal(os_error("execve", places.libexec + "/monitor"));
  ::kill(launched->pid, SIGKILL);
  report_failure(report.get(), error);
  return error.exit_status;
}

RunResult exec_on_terminal(const ExecOptions& options, const Places& places, const Log& log, Launchable& what) {
  const std::string socket = fmt::format("{}/exec-{}", places.live(what.container.id), ::getpid());
  Result<Fd> listener = keeper::listen_for_clients(socket);
  if (!listener) return std::unexpected(refusal(listener.error()));
  Result<Fd> connection = terminal::connect(socket, terminal::Pace::kWaits);
  ::unlink(socket.c_str());  // nobody else is to find it
  if (!connection) return std::unexpected(refusal(connection.error()));
  Result<kernel::Pipe> report = kernel::make_pipe();
  if (!report) return std::unexpected(refusal(report.error()));
  const pid_t monitor = ::fork();
  if (monitor < 0) return std::unexpected(refusal(os_error("fork", "monitor")));
  if (monitor == 0) {
    *connection = Fd();
    ::_exit(become_monitor(options, what, places, *listener, report->write));
  }
  *listener = Fd();
  report->write = Fd();
  if (const auto launched = read_launch_report(report->read.get()); !launched) {
    ::waitpid(monitor, nullptr, 0);
    return std::unexpected(launched.error());
  }
  const Result<terminal::Attached> attached = terminal::attach({.connection = std::move(*connection),
                                                                .input = options.interactive ? 0 : -1,
                                                                .terminal = true,
                                                                .detach_keys = options.detach_keys});
  if (!attached) return std::unexpected(refusal(attached.error()));
  if (attached->end == terminal::Attached::End::kLost) {
    return std::unexpected(refusal(complaint("the connection to the process that keeps the terminal broke")));
  }
  if (attached->end == terminal::Attached::End::kDetached) return 0;
  return with_output_written(exit_code(attached->wait_status), attached->output_error, log);
}

// "/sys/fs/cgroup/memory" + "/a/b" for each line "4:memory:/a/b" of /proc/PID/cgroup (cgroups(7)).
std::vector<std::string> cgroups_of(pid_t pid, const HostFacts& facts) {
  std::vector<std::string> directories;
  const std::string text = kernel::read_file(fmt::format("/proc/{}/cgroup", pid)).value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const Cut number = cut(line, ':');
    if (!number.tail) continue;
    const Cut controllers = cut(*number.tail, ':');
    if (!controllers.tail) continue;
    for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
      const bool same = controllers.head.empty() ? hierarchy.unified : hierarchy.has(cut(controllers.head, ',').head);
      if (same)
        directories.push_back(hierarchy.path + (*controllers.tail == "/" ? "" : std::string(*controllers.tail)));
    }
  }
  return directories;
}

spec::Process own_process(const std::vector<std::string>& command) {
  spec::Process process{.args = command};
  const char* shell = ::getenv("SHELL");
  if (process.args.empty()) process.args = {shell != nullptr && *shell == '/' ? shell : "/bin/sh"};
  for (char** entry = environ; *entry != nullptr; ++entry) process.env.emplace_back(*entry);
  process.user.uid = ::geteuid();
  process.user.gid = ::getegid();
  process.user.additional_gids.resize(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  (void)!::getgroups(static_cast<int>(process.user.additional_gids.size()), process.user.additional_gids.data());
  return process;
}

Result<Launchable> plan_enter(const EnterOptions& options) {
  const auto identity = kernel::identify(options.pid);
  Result<Fd> target = identity ? kernel::open_process(*identity) : fail(identity.error());
  if (!target && target.error().number != ESRCH) return fail(std::move(target).error());
  if (!target) return fail(complaint(fmt::format("there is no process {}", options.pid)));
  HostFacts facts = host::probe();
  std::vector<spec::NamespaceType> types = TRY(runtime::other_namespaces(options.pid));
  const bool whole = options.only.empty();
  if (!whole) std::erase_if(types, [&](spec::NamespaceType type) { return !options.only.contains(type); });
  const bool files = whole || options.only.contains(spec::NamespaceType::kMount);
  plan::Target where{.namespaces = types};
  if (files) where.root = fmt::format("/proc/{}/root", options.pid);
  if (whole) where.cgroup_directories = cgroups_of(options.pid, facts);
  (void)leave_out_closed(where.cgroup_directories, facts);
  plan::Request request;
  request.new_session = false;
  request.set_groups = runtime::may_set_groups(options.pid);
  spec::Process process = own_process(options.command);
  if (std::find(types.begin(), types.end(), spec::NamespaceType::kUser) != types.end()) {
    process.user.uid = root_or_first(options.pid, "uid_map");
    process.user.gid = root_or_first(options.pid, "gid_map");
    process.user.additional_gids.clear();
  }
  plan::Plan plan = TRY(plan::plan_process(process, where, facts, request));
  return Launchable{std::move(facts), std::move(plan), std::move(*target)};
}

}  // namespace

RunResult exec(const ExecOptions& options, const Places& places, const Log& log) {
  Result<Launchable> what = plan_exec(options, places, log);
  if (!what) return std::unexpected(refusal(what.error()));
  for (const std::string& warning : what->plan.warnings()) log.warning(warning);
  const std::string exec_id = new_id();
  const std::string words = join(options.command, " ");
  note_event(places, what->container, "exec_create: " + words, {{"execID", exec_id}});
  note_event(places, what->container, "exec_start: " + words, {{"execID", exec_id}});
  if (options.detach) return exec_detached(*what);
  const RunResult result =
      options.tty ? exec_on_terminal(options, places, log, *what) : exec_in_foreground(options, *what, log);
  if (result)
    note_event(places, what->container, "exec_die", {{"execID", exec_id}, {"exitCode", std::to_string(*result)}});
  return result;
}

RunResult enter(const EnterOptions& options, const Log&) {
  Result<Launchable> what = plan_enter(options);
  if (!what) return std::unexpected(refusal(what.error()));
  Result<Streams> streams = share_own();
  if (!streams) return std::unexpected(refusal(streams.error()));
  runtime::Descriptors descriptors = streams->inside();
  descriptors.target = what->target.get();
  // The terminal's signals reach the command by themselves; this process is there to tell how it ended.
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
  auto launched = runtime::launch(what->plan, descriptors, what->facts);
  if (!launched) return std::unexpected(std::move(launched).error());
  streams->close_inside();
  const Result<int> status = kernel::wait_for(launched->pid);
  if (!status) return std::unexpected(refusal(status.error()));
  return exit_code(*status);
}

}  // namespace caisson::engine
