#include "engine/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/conclude.h"
#include "engine/events.h"
#include "engine/health_state.h"
#include "engine/monitor.h"
#include "engine/own_ids.h"
#include "engine/pods.h"
#include "engine/secrets.h"
#include "engine/volumes.h"
#include "keeper/keep.h"
#include "keeper/signals.h"
#include "keeper/socket.h"
#include "kernel/files.h"
#include "runtime/state.h"
#include "spec/json.h"
#include "terminal/attach_client.h"

namespace caisson::engine {

namespace {

Result<> write_cidfile(const std::string& path, const std::string& id) {
  const Fd file = TRY_IN("--cidfile", kernel::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
  return kernel::write_all(file.get(), id, path);
}

std::string journal_of(const Record& record) {
  if (record.log.driver != LogDriver::kJournal) return {};
  return journal_fields(record.log, {.id = record.id, .name = record.name, .image = record.source});
}

keeper::EntryFormat entry_format(const LogChoice& log) {
  return log.driver == LogDriver::kJson ? keeper::EntryFormat::kJson : keeper::EntryFormat::kLines;
}

// Where a process waits until its networks are there: in RUNROOT/containers/ID.
runtime::StateRoot start_root(const Places& places) { return runtime::StateRoot(places.runroot + "/containers"); }

// When `command` is executed; never, without a health check.
keeper::CheckSettings check_settings(const Record& record, char* const* command) {
  if (!record.health) return {};
  constexpr std::int64_t kMillisecond_ns = 1'000'000;
  const image::Healthcheck& check = record.health->check;
  return {.command = command,
          .interval_ms = check.interval_ns / kMillisecond_ns,
          .start_interval_ms = check.start_interval_ns / kMillisecond_ns,
          .start_period_ms = check.start_period_ns / kMillisecond_ns};
}

}  // namespace

Start::Start(Reservation reservation, Prepared prepared, Attendance attendance, const Places& places, const Log& log,
             runtime::Stopwatch& watch)
    : reservation_(std::move(reservation)),
      prepared_(std::move(prepared)),
      attendance_(std::move(attendance)),
      places_(places),
      log_(log),
      watch_(watch) {}

void Start::count_on(const Live& before) {
  live_.restarts = before.restarts;
  live_.short_runs = before.short_runs;
}

Result<> Start::write_state() const {
  return kernel::replace_file(reservation_.live_directory() + "/" + kStateFile, to_json(live_), 0600);
}

// What has to be on disk before anything shows on the host: whoever finds it knows what to clean up.
Result<> Start::write_record(Stage stage) {
  const std::string path = reservation_.directory() + "/" + kRecordFile;
  prepared_.record.started = stage == Stage::kStarted;
  const std::string text = to_json(prepared_.record);
  // One that has been started before has nothing new to say, as a rule: what others write there at this moment stays.
  if (!reservation_.is_new() && kernel::read_file(path).value_or("") == text) return {};
  // Held until the record names them: nobody removes them then.
  const std::vector<Fd> volumes = TRY(hold_volumes(places_, prepared_.composed.volumes));
  TRY(kernel::replace_file(path, text, 0600));
  if (!reservation_.is_new()) return {};
  TRY(make_anonymous_volumes(places_, prepared_.composed.volumes));
  TRY(make_writable_directories(prepared_));
  return give_to_user(prepared_);
}

// What others need to work with it; of a container that starts at once, it is written while it begins to run.
Result<> Start::write_running() const {
  if (reservation_.is_new()) TRY(write_recipe());
  TRY(write_pids());
  return write_state();
}

Result<> Start::write_recipe() const {
  TRY(kernel::replace_file(reservation_.directory() + "/" + kConfigFile, spec::write_config(prepared_.composed.config),
                           0600));
  return kernel::replace_file(reservation_.directory() + "/" + kRecipeFile, to_json(prepared_.recipe), 0600);
}

std::vector<std::string> Start::check_command() const {
  if (!prepared_.record.health) return {};
  return {places_.program, "--root",      places_.root, "--runroot",
          places_.runroot, "healthcheck", "run",        prepared_.record.id};
}

Result<Streams> Start::streams() const {
  if (prepared_.record.terminal) return Streams();
  return make_streams(prepared_.record.interactive ? Input::kPipe : Input::kNone);
}

Result<> Start::keep_id() const {
  if (attendance_.cidfile.empty()) return {};
  return write_cidfile(attendance_.cidfile, prepared_.record.id);
}

// As long as it has not started; later there is something that the file is about.
void Start::forget_id() const {
  if (!attendance_.cidfile.empty()) ::unlink(attendance_.cidfile.c_str());
}

void Start::print_id() const {
  if (!attendance_.print_id) return;
  std::printf("%s\n", prepared_.record.id.c_str());
  std::fflush(stdout);
}

Result<> Start::write_pids() const {
  const auto write = [](std::string_view option, const std::string& path, pid_t pid) -> Result<> {
    if (path.empty()) return {};
    const Result<> written = kernel::replace_file(path, fmt::format("{}\n", pid), 0644);
    if (written) return {};
    // Its operand is the name of a moment, that nobody has typed.
    return fail(in(option, {.call = written.error().call, .number = written.error().number, .operand = path}));
  };
  TRY(write("--pidfile", prepared_.record.pid_file, live_.process.pid));
  return write("--conmon-pidfile", prepared_.record.keeper_pid_file, live_.keeper.pid);
}

std::expected<runtime::Launched, runtime::LaunchError> Start::launch(const Streams& streams) {
  live_.keeper = kernel::identify(::getpid()).value_or(kernel::ProcessId{});
  if (const Result<> written = write_record(Stage::kStarted); !written) return refused(written.error());
  if (const Result<> written = write_secrets(places_, prepared_.record); !written) return refused(written.error());
  prepared_.ids_lock = Fd();
  prepared_.layers = Fd();
  if (const Result<> written = keep_id(); !written) return refused(written.error());
  if (!reservation_.is_new()) ::unlink((reservation_.directory() + "/" + kEndingFile).c_str());
  watch_.lap("write the record");
  auto launched = launch_process(streams);
  if (!launched) {
    if (prepared_.record.networks.any()) (void)disconnect_networks(places_, prepared_.record);
    forget_id();
    return launched;
  }
  watch_.lap("the steps below");
  prepared_.pod = Fd();
  live_.process = kernel::identify(launched->pid).value_or(kernel::ProcessId{launched->pid, 0});
  live_.started_ns = now_nanoseconds();
  if (const Result<> written = write_running(); !written) {
    end_unkept(launched->pid);
    return refused(written.error());
  }
  if (reservation_.is_new()) note_event(places_, prepared_.record, "create");
  if (!attendance_.detached) note_event(places_, prepared_.record, "attach");
  note_event(places_, prepared_.record, "start");
  watch_.lap("write the state");
  return launched;
}

// With its networks, where it has some: they are there before it, in the namespace that was made ahead. Where that is
// its own to make, in a user namespace of its own, it waits until they are.
std::expected<runtime::Launched, runtime::LaunchError> Start::launch_process(const Streams& streams) {
  const bool has_networks = prepared_.record.networks.any();
  const bool waits = has_networks && !prepared_.network;
  runtime::Descriptors descriptors = streams.inside();
  Fd listener;
  if (has_networks && !waits) {
    if (const Result<> connected = connect(prepared_.network.get()); !connected) return refused(connected.error());
    descriptors.network = prepared_.network.get();
  }
  if (waits) {
    if (const Result<> written = write_hosts(); !written) return refused(written.error());
    Result<Fd> made = runtime::listen_for_start(start_root(places_), prepared_.record.id);
    if (!made) return refused(made.error());
    listener = std::move(*made);
    descriptors.start = listener.get();
  }
  auto launched = runtime::launch(prepared_.plan, descriptors, prepared_.facts,
                                  attendance_.timings ? runtime::Times::kYes : runtime::Times::kNo);
  prepared_.network = Fd();  // the container's alone now: it goes with it
  if (!launched || !waits) return launched;
  if (auto connected = connect_waiting(*launched); !connected) {
    end_unkept(launched->pid);
    return std::unexpected(std::move(connected).error());
  }
  return launched;
}

// Its process stands right before its program.
std::expected<void, runtime::LaunchError> Start::connect_waiting(runtime::Launched& launched) {
  live_.process = kernel::identify(launched.pid).value_or(kernel::ProcessId{launched.pid, 0});
  if (const Result<> connected = connect(launched.network.get()); !connected) return refused(connected.error());
  launched.network = Fd();
  if (const Result<> waits = execute::let_wait(std::move(launched.channel)); !waits) return refused(waits.error());
  Result<Fd> connection = runtime::connect_to_start(start_root(places_), prepared_.record.id);
  if (!connection) return refused(connection.error());
  std::string found;
  const auto started = execute::start_waiting(
      std::move(*connection), launched.pid,
      [&](const plan::Failure& failure, pid_t pid) { found = runtime::diagnosis(prepared_.plan, failure, pid); });
  ::unlink(start_root(places_).start_socket(prepared_.record.id).c_str());
  if (started) return {};
  return std::unexpected(runtime::told(prepared_.plan, started.error(), prepared_.facts, std::move(found)));
}

Result<> Start::connect(int network_namespace) {
  connection_ = TRY(connect_networks(places_, prepared_.record, network_namespace));
  watch_.lap("connect it to its networks");
  return write_hosts();
}

// In the file's own place: it may be mounted already.
Result<> Start::write_hosts() const {
  const std::string path = reservation_.directory() + "/hosts";
  for (const plan::MountSource& source : prepared_.recipe.sources) {
    if (source.path == path)
      return kernel::write_new_file(path, hosts_with_addresses(source.content, connection_.holding), 0644);
  }
  return {};
}

// One that nobody could find, or that nobody would keep: it ends at once, with what it may have begun.
void Start::end_unkept(pid_t pid) {
  ::kill(pid, SIGKILL);
  (void)kernel::wait_for(pid);
  if (const Result<> removed = remove_container_cgroups(prepared_.record.cgroup_directories); !removed)
    log_.warning(removed.error().text());
  if (prepared_.record.networks.any()) (void)disconnect_networks(places_, prepared_.record);
  forget_id();
}

RunResult Start::in_foreground() {
  keeper::hold_signals();
  Result<Streams> made = streams();
  if (!made) return refused(made.error());
  if (const Result<> listens = listen_for_readiness(); !listens) return refused(listens.error());
  auto launched = launch(*made);
  if (!launched) return std::unexpected(std::move(launched).error());
  made->close_inside();
  print_id();
  if (!manager_.empty()) announce_beside(live_);

  const LogChoice& log = prepared_.record.log;
  const std::string log_file = log_path(places_, prepared_.record);
  const std::string journal = journal_of(prepared_.record);
  std::vector<std::string> check = check_command();
  std::vector<char*> check_words;
  for (std::string& word : check) check_words.push_back(word.data());
  check_words.push_back(nullptr);
  keeper::Kept kept{.pid = launched->pid,
                    .pidfd = std::move(launched->pidfd),
                    .input = std::move(made->input),
                    .output = std::move(made->output),
                    .error = std::move(made->error),
                    .from_input = attendance_.input ? 0 : -1,
                    .to_output = attendance_.output ? 1 : -1,
                    .to_error = attendance_.error ? 2 : -1,
                    .log = {.path = log_file.empty() ? nullptr : log_file.c_str(),
                            .format = entry_format(log),
                            .file_bytes = log.file_bytes,
                            .files = log.files,
                            .journal = journal.empty() ? nullptr : journal.c_str()},
                    .check = check_settings(prepared_.record, check_words.data()),
                    .timeout_seconds = prepared_.record.timeout_s};
  const std::optional<int> status = keeper::keep(kept);
  watch_.lap("the program, until it has ended");
  const Fd lock = std::move(reservation_).keep();
  const Ending ending = conclude(places_, prepared_.record, live_, status, lock.get(), log_);
  watch_.lap("look for the reason of its end, remove it");
  if (attendance_.timings) runtime::print_timings(watch_.parts(), prepared_.plan, launched->times);
  if (!ending.reason.empty()) log_.warning(fmt::format("{} {}", prepared_.record.name, ending.reason));
  return with_output_written(ending.exit_code, kept.output_error, log_);
}

// Before it runs: what it says first is not to be lost. Its directory is mounted, whoever listens.
Result<> Start::listen_for_readiness() {
  const Readiness readiness = prepared_.record.readiness;
  if (readiness == Readiness::kNever) return {};
  manager_ = runtime::notify_socket().value_or("");
  if (readiness != Readiness::kSaid) return {};
  const std::string directory = notify_directory(places_, prepared_.record.id);
  if (manager_.empty()) return kernel::make_directories(directory, 0755);
  notify_.emplace(TRY_IN("--sdnotify", runtime::NotifyProxy::bind(directory, manager_)));
  return {};
}

// Waits until it is ready, or has ended, and tells the service manager, for which it is its keeper.
void Start::announce(const Live& live) const {
  const Result<Fd> process = kernel::open_process(live.process);
  if (!process) return;
  if (notify_) {
    if (const Result<> passed = notify_->pass_on(live.keeper.pid, *process); !passed)
      log_.warning(passed.error().text());
    return;
  }
  if (prepared_.record.readiness == Readiness::kHealthy && !await_health(places_, prepared_.record.id, process->get()))
    return;
  if (const Result<> said = runtime::say_ready(manager_, live.keeper.pid); !said)
    log_.warning(in("NOTIFY_SOCKET", said.error()).text());
}

void Start::announce_beside(const Live& live) const {
  runtime::do_beside(notify_ ? std::vector<int>{notify_->fd()} : std::vector<int>(), [&] { announce(live); });
}

// From a plain copy of the caller, or what a monitor has become, to the monitor program. `report`: the pipe of whoever
// waits to hear that it runs; -1: nobody does.
runtime::LaunchError Start::become_monitor(const Fd& listener, int report) {
  keeper::hold_signals();  // the monitor hears of them, once it is there
  Result<Streams> made = streams();
  auto launched = made ? launch(*made) : refused(made.error());
  if (!launched) return std::move(launched).error();
  if (attendance_.timings) runtime::print_timings(watch_.parts(), prepared_.plan, launched->times);
  made->close_inside();
  leave_preserved(attendance_.preserve_fds);
  for (const Fd& socket : connection_.host_ports) ::fcntl(socket.get(), F_SETFD, 0);
  if (report >= 0) report_launched(report);
  const LogChoice& log = prepared_.record.log;
  const keeper::CheckSettings check = check_settings(prepared_.record, nullptr);
  execute_monitor({.program = places_.libexec + "/monitor",
                   .pid = launched->pid,
                   .pidfd = launched->pidfd.get(),
                   .input = made->input.get(),
                   .output = made->output.get(),
                   .error = made->error.get(),
                   .terminal = launched->terminal.get(),
                   .listener = listener.get(),
                   .log = log_path(places_, prepared_.record),
                   .log_format = entry_format(log),
                   .log_bytes = log.file_bytes,
                   .log_files = log.files,
                   .journal = journal_of(prepared_.record),
                   .check = check_command(),
                   .check_interval_ms = check.interval_ms,
                   .check_start_interval_ms = check.start_interval_ms,
                   .check_start_period_ms = check.start_period_ms,
                   .timeout_s = prepared_.record.timeout_s,
                   .stop_signal = prepared_.record.stop_signal,
                   .stop_timeout_s = prepared_.record.stop_timeout_s,
                   .clean_up = {places_.program, "--root", places_.root, "--runroot", places_.runroot, "conclude",
                                prepared_.record.id, "{status}", std::to_string(reservation_.lock()), "{told}"}},
                  reservation_.lock());
  // The monitor is not there: the container goes with the one who should have kept it.
  runtime::LaunchError error = refusal(os_error("execve", places_.libexec + "/monitor"));
  end_unkept(launched->pid);
  return error;
}

RunResult Start::by_monitor() {
  const std::string socket = reservation_.live_directory() + "/" + kAttachSocket;
  Result<Fd> listener = keeper::listen_for_clients(socket);
  if (!listener) return refused(listener.error());
  // Connected before there is anything to hear, so that nothing is missed.
  Result<Fd> connection = attendance_.detached ? Result<Fd>(Fd()) : terminal::connect(socket, terminal::Pace::kWaits);
  if (!connection) return refused(connection.error());
  Result<kernel::Pipe> report = kernel::make_pipe();
  if (!report) return refused(report.error());
  const Result<Fd> words = kernel::open_file(reservation_.live_directory() + "/lock", O_RDONLY);
  if (!words) return refused(words.error());
  if (const Result<> listens = listen_for_readiness(); !listens) return refused(listens.error());

  const pid_t monitor = ::fork();
  if (monitor < 0) return refused(os_error("fork", "monitor"));
  if (monitor == 0) {
    *connection = Fd();
    ::setsid();
    const runtime::LaunchError error = become_monitor(*listener, report->write.get());
    fall_back(error);
    report_failure(report->write.get(), error);
    ::_exit(error.exit_status);
  }
  // From here on the container is the monitor's.
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
  prepared_.pod = Fd();
  if (!manager_.empty() && attendance_.detached) announce(read_state());
  if (!manager_.empty() && !attendance_.detached) announce_beside(read_state());
  print_id();
  return attendance_.detached ? 0 : attach(std::move(*connection), words->get());
}

runtime::LaunchError Start::by_this_process(Fd& lock) {
  const Result<Fd> listener = keeper::listen_for_clients(reservation_.live_directory() + "/" + kAttachSocket);
  runtime::LaunchError error = listener ? become_monitor(*listener, -1) : refusal(listener.error());
  lock = std::move(reservation_).keep();
  return error;
}

// What it was before: a new container is none, and another has ended with why it did not start.
void Start::fall_back(const runtime::LaunchError& error) {
  if (!reservation_.is_new()) {
    const Ending ending{.exit_code = error.exit_status,
                        .reason = "could not be started: " + error.line,
                        .started_ns = now_nanoseconds(),
                        .finished_ns = now_nanoseconds()};
    (void)kernel::replace_file(reservation_.directory() + "/" + kEndingFile, to_json(ending), 0600);
  }
  const Reservation gone = std::move(reservation_);
}

Live Start::read_state() const {
  const auto text = kernel::read_file(places_.live(prepared_.record.id) + "/" + kStateFile);
  return text ? read_live(*text).value_or(Live{}) : Live{};
}

RunResult Start::attach(Fd connection, int last_words_at) {
  return stay_attached(prepared_.record, read_state(), std::move(connection), last_words_at, attendance_, Redraw::kNo,
                       log_);
}

Result<std::string> Start::leave_created() && {
  std::string id = prepared_.record.id;
  TRY(write_record(Stage::kCreated));
  for (const plan::MountSource& source : prepared_.recipe.sources) {
    if (source.directory) TRY(kernel::make_directories(source.path, 0755));
  }
  TRY(write_recipe());
  TRY(keep_id());
  const std::string live_directory = reservation_.live_directory();
  const Fd lock = std::move(reservation_).keep();
  TRY(kernel::remove_tree(live_directory));
  note_event(places_, prepared_.record, "create");
  return id;
}

Result<> start_required(const Record& record, const Places& places, const Log& log) {
  for (const std::string& id : record.requirements) {
    const Result<Container> required = find_container(places, id);
    if (!required) {
      return fail(is_no_such_container(required.error())
                      ? complaint(fmt::format("container {} requires {:.12}, which is gone", record.name, id))
                      : required.error());
    }
    if (required->live) continue;
    runtime::Stopwatch watch;
    const RunResult started = start(required->record, {.detached = true}, places, log, watch);
    if (!started)
      return fail(complaint(
          fmt::format("container {}, which {} requires: {}", required->record.name, record.name, started.error().line),
          started.error().hint));
  }
  return {};
}

RunResult start(const Record& record, const Attendance& attendance, const Places& places, const Log& log,
                runtime::Stopwatch& watch) {
  if (const Result<> ready = start_required(record, places, log); !ready) return refused(ready.error());
  Result<Fd> pod = enter_pod(places, record.pod);
  if (!pod) return refused(pod.error());
  Result<Reservation> reservation = Reservation::again(places, record);
  if (!reservation) return refused(reservation.error());
  // A keeper that was killed a moment ago has left it, and nobody has looked after that since.
  if (const Result<> removed = remove_container_cgroups(record.cgroup_directories); !removed)
    return refused(removed.error());
  if (record.networks.any()) {
    if (const Result<> gone = disconnect_networks(places, record); !gone) return refused(gone.error());
  }
  Result<Prepared> prepared = prepare_again(record.id, places, log, watch);
  if (!prepared) return refused(prepared.error());
  prepared->pod = std::move(*pod);
  // What was to be removed with its end was mounted without care for a crash, which the kernel remembers there.
  if (const std::string& work = record.rootfs.work; record.remove && !work.empty()) {
    constexpr std::string_view kVolatileMark = "work/incompat";  // overlayfs.rst, "Volatile mount"
    if (const Result<> removed = remove_container_tree(fmt::format("{}/{}", work, kVolatileMark)); !removed)
      return refused(removed.error());
  }
  return Start(std::move(*reservation), std::move(*prepared), attendance, places, log, watch).by_monitor();
}

}  // namespace caisson::engine
