#include "engine/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/removal.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/monitor.h"
#include "engine/secrets.h"
#include "engine/streams.h"
#include "engine/volumes.h"
#include "keeper/keep.h"
#include "keeper/signals.h"
#include "keeper/socket.h"
#include "kernel/files.h"
#include "runtime/timings.h"
#include "spec/json.h"
#include "terminal/attach_client.h"

namespace caisson::engine {

namespace {

Result<> write_state(const Reservation& reservation, const Live& live) {
  return kernel::replace_file(reservation.live_directory() + "/state.json", to_json(live), 0600);
}

// What has to be on disk before anything shows on the host: whoever finds it knows what to clean up.
Result<> write_record(const Places& places, const Reservation& reservation, const Prepared& prepared) {
  const std::vector<Fd> volumes = TRY(hold_volumes(places, prepared.composed.volumes));
  TRY(kernel::replace_file(reservation.directory() + "/" + kRecordFile, to_json(prepared.record), 0600));
  TRY(make_anonymous_volumes(places, prepared.composed.volumes));
  TRY(write_secrets(places, prepared.record));
  TRY(make_writable_directories(prepared));
  return give_to_user(prepared);
}

// What others need to work with it once it runs; written while it begins to.
Result<> write_running(const Reservation& reservation, const Prepared& prepared, const Live& live) {
  TRY(kernel::replace_file(reservation.directory() + "/config.json", spec::write_config(prepared.composed.config),
                           0600));
  return write_state(reservation, live);
}

Result<> write_cidfile(const std::string& path, const std::string& id) {
  const Fd file = TRY_IN("--cidfile", kernel::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
  return kernel::write_all(file.get(), id, path);
}

// The exit status of a command whose output is not whole; an error, unless the command says itself that something is
// wrong.
RunResult lost(std::string_view why, int exit_code, const Log& log) {
  const Error error = complaint(fmt::format("output was lost: {}", why));
  if (exit_code == 0) return std::unexpected(refusal(error));
  log.error(error.text());
  return exit_code;
}

// One container on its way from the options to its end.
class Run {
 public:
  Run(const RunOptions& options, const Places& places, const Log& log, runtime::Stopwatch& watch,
      Reservation reservation, Prepared prepared)
      : options_(options),
        places_(places),
        log_(log),
        watch_(watch),
        reservation_(std::move(reservation)),
        prepared_(std::move(prepared)) {}

  RunResult in_foreground();
  RunResult by_monitor();

 private:
  Result<Streams> streams() const;
  std::expected<runtime::Launched, runtime::LaunchError> launch(const Streams& streams);
  void end_unkept(pid_t pid);
  int become_monitor(const Fd& listener, const Fd& report);
  RunResult attach(Fd connection, int last_words_at);
  std::string log_path() const { return reservation_.directory() + "/log"; }

  const RunOptions& options_;
  const Places& places_;
  const Log& log_;
  runtime::Stopwatch& watch_;
  Reservation reservation_;
  Prepared prepared_;
  Live live_;
};

Result<Streams> Run::streams() const {
  if (options_.tty) return Streams();
  return make_streams(options_.interactive ? Input::kPipe : Input::kNone);
}

std::expected<runtime::Launched, runtime::LaunchError> Run::launch(const Streams& streams) {
  live_.keeper = kernel::identify(::getpid()).value_or(kernel::ProcessId{});
  if (const Result<> written = write_record(places_, reservation_, prepared_); !written)
    return std::unexpected(refusal(written.error()));
  prepared_.ids_lock = Fd();
  prepared_.layers = Fd();
  if (!options_.cidfile.empty()) {
    if (const Result<> written = write_cidfile(options_.cidfile, prepared_.record.id); !written)
      return std::unexpected(refusal(written.error()));
  }
  watch_.lap("write the record");
  auto launched = runtime::launch(prepared_.plan, streams.inside(), prepared_.facts,
                                  options_.timings ? runtime::Times::kYes : runtime::Times::kNo);
  if (!launched) {
    if (!options_.cidfile.empty()) ::unlink(options_.cidfile.c_str());
    return launched;
  }
  watch_.lap("the steps below");
  live_.process = kernel::identify(launched->pid).value_or(kernel::ProcessId{launched->pid, 0});
  live_.started_ns = now_nanoseconds();
  if (const Result<> written = write_running(reservation_, prepared_, live_); !written) {
    end_unkept(launched->pid);
    return std::unexpected(refusal(written.error()));
  }
  watch_.lap("write the state");
  return launched;
}

// One that nobody could find, or that nobody would keep: it ends at once, with what it may have begun.
void Run::end_unkept(pid_t pid) {
  ::kill(pid, SIGKILL);
  (void)kernel::wait_for(pid);
  if (const Result<> removed = cgroup::kill_and_remove(prepared_.record.cgroup_directories); !removed)
    log_.warning(removed.error().text());
  if (!options_.cidfile.empty()) ::unlink(options_.cidfile.c_str());
}

RunResult Run::in_foreground() {
  keeper::hold_signals();
  Result<Streams> made = streams();
  if (!made) return std::unexpected(refusal(made.error()));
  auto launched = launch(*made);
  if (!launched) return std::unexpected(std::move(launched).error());
  made->close_inside();

  const std::string log_file = log_path();
  keeper::Kept kept{.pid = launched->pid,
                    .pidfd = std::move(launched->pidfd),
                    .input = std::move(made->input),
                    .output = std::move(made->output),
                    .error = std::move(made->error),
                    .from_input = options_.interactive ? 0 : -1,
                    .to_output = 1,
                    .to_error = 2,
                    .log = {.path = log_file.c_str()},
                    .timeout_seconds = options_.timeout_s.value_or(0)};
  const std::optional<int> status = keeper::keep(kept);
  watch_.lap("the program, until it has ended");
  const Fd lock = std::move(reservation_).keep();
  const Ending ending = conclude(places_, prepared_.record, live_, status, lock.get(), log_);
  watch_.lap("look for the reason of its end, remove it");
  if (options_.timings) runtime::print_timings(watch_.parts(), prepared_.plan, launched->times);
  if (!ending.reason.empty()) log_.warning(fmt::format("{} {}", prepared_.record.name, ending.reason));
  return with_output_written(ending.exit_code, kept.output_error, log_);
}

// In the child that becomes the container's keeper: from a plain copy of this process to the monitor program.
int Run::become_monitor(const Fd& listener, const Fd& report) {
  ::setsid();
  keeper::hold_signals();  // the monitor hears of them, once it is there
  Result<Streams> made = streams();
  auto launched = made ? launch(*made) : std::unexpected(refusal(made.error()));
  if (!launched) {
    report_failure(report.get(), launched.error());
    return launched.error().exit_status;
  }
  if (options_.timings) runtime::print_timings(watch_.parts(), prepared_.plan, launched->times);
  made->close_inside();
  for (std::uint32_t fd = 3; fd < 3 + options_.preserve_fds; ++fd)
    ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);  // the container's now
  report_launched(report.get());
  execute_monitor({.program = places_.libexec + "/monitor",
                   .pid = launched->pid,
                   .pidfd = launched->pidfd.get(),
                   .input = made->input.get(),
                   .output = made->output.get(),
                   .error = made->error.get(),
                   .terminal = launched->terminal.get(),
                   .listener = listener.get(),
                   .log = log_path(),
                   .timeout_s = options_.timeout_s.value_or(0),
                   .clean_up = {places_.program, "--root", places_.root, "--runroot", places_.runroot, "conclude",
                                prepared_.record.id, "{status}", std::to_string(reservation_.lock())}},
                  reservation_.lock());
  // The monitor is not there: the container goes with the one who should have kept it.
  const runtime::LaunchError error = refusal(os_error("execve", places_.libexec + "/monitor"));
  end_unkept(launched->pid);
  report_failure(report.get(), error);
  return error.exit_status;
}

RunResult Run::by_monitor() {
  const std::string socket = reservation_.live_directory() + "/attach";
  Result<Fd> listener = keeper::listen_for_clients(socket);
  if (!listener) return std::unexpected(refusal(listener.error()));
  // Connected before there is anything to hear, so that nothing is missed.
  Result<Fd> connection = options_.detach ? Result<Fd>(Fd()) : terminal::connect(socket, terminal::Pace::kWaits);
  if (!connection) return std::unexpected(refusal(connection.error()));
  Result<kernel::Pipe> report = kernel::make_pipe();
  if (!report) return std::unexpected(refusal(report.error()));
  const Result<Fd> words = kernel::open_file(reservation_.live_directory() + "/lock", O_RDONLY);
  if (!words) return std::unexpected(refusal(words.error()));

  const pid_t monitor = ::fork();
  if (monitor < 0) return std::unexpected(refusal(os_error("fork", "monitor")));
  if (monitor == 0) {
    *connection = Fd();
    const int status = become_monitor(*listener, report->write);
    {
      const Reservation gone = std::move(reservation_);
    }  // takes back what was made, unless it was kept
    ::_exit(status);
  }
  // From here on the container is the monitor's.
  const std::string id = prepared_.record.id;
  {
    const Fd lock = std::move(reservation_).keep();
  }
  prepared_.ids_lock = Fd();
  prepared_.layers = Fd();
  *listener = Fd();
  report->write = Fd();
  if (const auto launched = read_launch_report(report->read.get()); !launched) {
    ::waitpid(monitor, nullptr, 0);
    return std::unexpected(launched.error());
  }
  if (options_.detach) {
    ::printf("%s\n", id.c_str());
    return 0;
  }
  return attach(std::move(*connection), words->get());
}

RunResult Run::attach(Fd connection, int last_words_at) {
  Live live;
  if (const auto text = kernel::read_file(places_.live(prepared_.record.id) + "/state.json"))
    live = read_live(*text).value_or(Live{});
  const Result<Fd> process = kernel::open_process(live.process);
  const Result<terminal::Attached> attached =
      terminal::attach({.connection = std::move(connection),
                        .input = options_.interactive ? 0 : -1,
                        .terminal = options_.tty,
                        .end_input = true,
                        .detach_keys = options_.detach_keys,
                        .signals_to = options_.sig_proxy && process ? process->get() : -1});
  if (!attached) return std::unexpected(refusal(attached.error()));
  if (attached->end == terminal::Attached::End::kDetached) return 0;
  const Result<Ending> ending = last_words(last_words_at);
  if (!ending) return std::unexpected(refusal(ending.error()));
  if (!ending->reason.empty()) log_.warning(fmt::format("{} {}", prepared_.record.name, ending->reason));
  if (attached->end == terminal::Attached::End::kLost) {
    return lost("the connection to the process that keeps the terminal broke", ending->exit_code, log_);
  }
  return with_output_written(ending->exit_code, attached->output_error, log_);
}

}  // namespace

runtime::LaunchError refusal(const Error& error) {
  return {.line = error.text(), .hint = error.hint, .exit_status = 125};
}

RunResult with_output_written(int exit_code, int output_error, const Log& log) {
  return output_error == 0 ? exit_code : lost(errno_words(output_error), exit_code, log);
}

RunResult run(const RunOptions& options, const Places& places, const Log& log, runtime::Stopwatch& watch) {
  Result<Reservation> reservation = Reservation::make(places, options.name);
  if (!reservation) return std::unexpected(refusal(reservation.error()));
  watch.lap("make its directories");
  Result<Prepared> prepared =
      prepare(options, {reservation->id(), reservation->name()}, places, Unpack::kIfMissing, log, watch);
  if (!prepared) return std::unexpected(refusal(prepared.error()));
  if (options.strict && !prepared->composed.warnings.empty()) {
    return std::unexpected(refusal(complaint(prepared->composed.warnings[0], "--strict makes this warning an error")));
  }
  for (const std::string& warning : prepared->composed.warnings) log.warning(warning);
  if (prepared->own_ids) say_once_what_is_lacking(*prepared->own_ids, places, log);
  Run container(options, places, log, watch, std::move(*reservation), std::move(*prepared));
  // Without a proxy for signals, the one that ends this command leaves the container running: another has to keep it.
  return options.tty || options.detach || !options.sig_proxy ? container.by_monitor() : container.in_foreground();
}

}  // namespace caisson::engine
