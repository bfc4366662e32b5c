#include "runtime/restore.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/place.h"
#include "execute/executor.h"
#include "kernel/files.h"
#include "plan/cgroup.h"
#include "runtime/checkpoint.h"
#include "runtime/criu.h"
#include "runtime/external_mounts.h"
#include "runtime/hand_over.h"
#include "runtime/hooks.h"
#include "runtime/image_streams.h"
#include "runtime/image_terminal.h"
#include "runtime/remove.h"

namespace caisson::runtime {

namespace {

struct Terminal {
  Fd master;
  Fd slave;
  std::string path;  ///< of the slave
};

// In the state in which `images` left it. Who reads it decides about the ends of lines: Console::adds_returns.
Result<Terminal> make_terminal(const std::string& images, bool adds_returns) {
  Terminal terminal{.master = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), .slave = Fd(), .path = {}};
  if (!terminal.master) return fail(os_error("posix_openpt", ""));
  std::array<char, 64> name{};
  if (::unlockpt(terminal.master.get()) != 0 || ::ptsname_r(terminal.master.get(), name.data(), name.size()) != 0)
    return fail(os_error("unlockpt", "/dev/ptmx"));
  terminal.path = name.data();
  terminal.slave = TRY(kernel::open_file(terminal.path, O_RDWR | O_NOCTTY));
  const std::optional<TerminalState> left = TRY(read_terminal(images));
  TerminalState state = left ? *left : TRY(state_of_terminal(terminal.slave.get()));
  state.settings.c_oflag = adds_returns ? state.settings.c_oflag | ONLCR : state.settings.c_oflag & ~tcflag_t{ONLCR};
  TRY(apply_to_terminal(terminal.slave.get(), state));
  return terminal;
}

// Each controller's cgroup, as `--cgroup-root` has it: the container's, or this process's own where the container has
// none (proc_pid_cgroup(5): "4:memory:/a", "0::/a").
Result<std::vector<std::string>> cgroup_roots(const HostFacts& facts, const std::vector<std::string>& directories) {
  std::vector<std::string> roots;
  const std::string own = TRY(kernel::read_file("/proc/self/cgroup"));
  for (const std::string_view line : split(own, '\n')) {
    const Cut number = cut(line, ':');
    if (!number.tail) continue;
    const Cut controllers = cut(*number.tail, ':');
    std::string path(controllers.tail.value_or("/"));
    for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
      const bool is_it = controllers.head.empty() ? hierarchy.unified : hierarchy.has(cut(controllers.head, ',').head);
      const std::string* directory = is_it ? cgroup::directory_in(hierarchy, directories) : nullptr;
      if (directory != nullptr) path = directory->substr(hierarchy.path.size());
    }
    for (const std::string_view controller : split(controllers.head, ','))
      roots.push_back(controller.empty() ? path : fmt::format("{}:{}", controller, path));
  }
  return roots;
}

bool has_own_mounts(const spec::Config& config) {
  const auto& namespaces = config.linux_.namespaces;
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const spec::Namespace& n) { return n.type == spec::NamespaceType::kMount; });
}

bool has_creation_hooks(const spec::Config& config) {
  return !config.hooks.prestart.empty() || !config.hooks.create_runtime.empty();
}

Result<> check_images(const CriuRestoreOptions& options) {
  const auto status = kernel::status_of(options.image_path);
  if (!status) return fail(in("--image-path", os_error("stat", options.image_path)));
  if (S_ISDIR(status->st_mode)) return {};
  return fail(in("--image-path", complaint(fmt::format("{} is not a directory", options.image_path))));
}

// It checks what is brought for a file as it does files of its own.
Error with_hint_of_files(Error error, const StreamKeys& keys) {
  if (error.text().find("ile fd/") != std::string::npos && std::any_of(keys.begin(), keys.end(), is_file_key))
    error.hint = "its standard streams were files, and have to be files of the same size and mode again; " + error.hint;
  return error;
}

// A container on its way back: what it has put on the host is taken back unless it is done.
class Restoration {
 public:
  Restoration(const StateRoot& root, RestoreOptions options, const Log& log)
      : root_(root), options_(std::move(options)), log_(log) {}

  std::expected<Restored, LaunchError> run();

 private:
  const std::string& id() const { return options_.create.id; }
  const spec::Config& config() const { return designed_.bundle.config; }
  std::string criu_root() const { return root_.directory(id()) + "/criu-root"; }
  std::string criu_pid_file() const { return root_.directory(id()) + "/criu.pid"; }

  Result<> prepare();
  Result<> reserve_place();
  Result<CriuProcess> begin_criu();
  std::expected<void, LaunchError> make_cgroup(pid_t criu);
  Result<> run_criu(CriuProcess& criu);
  Result<> bring_streams(RestoredContainer& restored);
  Result<> bring_namespaces(RestoredContainer& restored);
  Result<> record();
  LaunchError give_up(LaunchError error);

  const StateRoot& root_;
  RestoreOptions options_;
  const Log& log_;
  Designed designed_;
  StreamKeys keys_;
  Terminal terminal_;
  Fd console_;
  std::vector<Fd> kept_;  // open in criu
  Record record_;
};

std::expected<Restored, LaunchError> Restoration::run() {
  if (const Result<> prepared = prepare(); !prepared) return std::unexpected(refusal(prepared.error()));
  if (const Result<> reserved = reserve(root_, id()); !reserved) return std::unexpected(refusal(reserved.error()));
  if (const Result<> placed = reserve_place(); !placed) return std::unexpected(give_up(refusal(placed.error())));
  Result<CriuProcess> criu = begin_criu();
  if (!criu) return std::unexpected(give_up(refusal(criu.error())));
  if (auto made = make_cgroup(criu->pid()); !made) return std::unexpected(give_up(std::move(made).error()));
  Result<> done = run_criu(*criu);
  // From here on there is a process: others find it by the record.
  if (done) done = record();
  if (!done) return std::unexpected(give_up(refusal(done.error())));
  return Restored{.record = std::move(record_), .terminal = std::move(terminal_.master)};
}

// What can be refused without anything having been made.
Result<> Restoration::prepare() {
  TRY(check_images(options_.criu));
  TRY(find_criu());
  keys_ = TRY(read_stream_keys(options_.criu.image_path));
  designed_ = TRY(design(root_, options_.create, log_));
  options_.criu.config_file = TRY(criu_config_file(config()));
  const bool wants_terminal = config().process.terminal && !options_.criu.shell_job;
  if (!wants_terminal) return {};
  if (std::none_of(keys_.begin(), keys_.end(), is_terminal_key))
    return fail(in("process.terminal", complaint("the images say nothing of a terminal that could be given to it",
                                                 "those of another runtime, or of a container without one")));
  terminal_ = TRY(make_terminal(options_.criu.image_path, designed_.request.terminal_adds_returns));
  return {};
}

Result<> Restoration::reserve_place() {
  record_ = {.id = id(),
             .oci_version = config().oci_version,
             .bundle = designed_.bundle.directory,
             .rootfs = config().root.path,
             .annotations = config().annotations,
             .cgroup_directories = plan::cgroup_directories(designed_.plan),
             .systemd_unit = plan::systemd_unit(designed_.plan),
             .owner = designed_.facts.effective_uid,
             .created_ns = now_nanoseconds(),
             .choices = options_.create.choices,
             .has_poststop = !config().hooks.poststop.empty(),
             .creator = kernel::identify(::getpid()).value_or(kernel::ProcessId{}),
             .process = {}};
  record_.systemd_is_user = designed_.facts.systemd && designed_.facts.systemd->is_user;
  TRY(kernel::write_new_file(root_.config(id()), designed_.bundle.text, 0600));
  TRY(kernel::write_new_file(root_.record(id()), to_json(record_), 0600));
  if (!options_.create.console_socket.empty())
    console_ = TRY_IN("--console-socket", connect_to(options_.create.console_socket));
  if (!options_.criu.work_path.empty()) TRY_IN("--work-path", kernel::make_directories(options_.criu.work_path, 0700));
  return make_mount_points(config());
}

// systemd makes its units around a process: around that which is to be criu.
std::expected<void, LaunchError> Restoration::make_cgroup(pid_t criu) {
  const Result<plan::Plan> plan = plan::plan_cgroup(config(), designed_.facts, designed_.request);
  if (!plan) return std::unexpected(refusal(plan.error()));
  if (plan->lane(plan::Lane::kParent).empty()) return {};
  execute::Executor executor(*plan);
  if (designed_.facts.systemd) executor.give(plan::kSlotPid, criu);
  const auto made = executor.run(nullptr);
  if (made) return {};
  if (!record_.systemd_unit.empty()) {
    // The plan has taken back what it did; a unit that was there before is somebody else's, with what is in it.
    record_.systemd_unit.clear();
    record_.cgroup_directories.clear();
  }
  return std::unexpected(told(*plan, made.error(), designed_.facts, {}));
}

// Its streams are this process's, or a terminal made for it, under numbers that criu's own do not have.
Result<> Restoration::bring_streams(RestoredContainer& restored) {
  for (int fd = 0; fd < 3; ++fd) {
    const std::string& key = keys_[static_cast<std::size_t>(fd)];
    const bool is_terminal = is_terminal_key(key);
    const auto has_key = [&](const InheritedFd& inherited) { return inherited.key == key; };
    if (key.empty() || std::any_of(restored.descriptors.begin(), restored.descriptors.end(), has_key)) continue;
    if (is_terminal && !terminal_.slave) continue;  // a job's: criu takes that of its own standard input
    kept_.push_back(TRY(kernel::duplicate(is_terminal ? terminal_.slave.get() : fd)));
    restored.descriptors.push_back({kept_.back().get(), key});
  }
  return {};
}

Result<> Restoration::bring_namespaces(RestoredContainer& restored) {
  for (const spec::Namespace& space : config().linux_.namespaces) {
    if (space.path.empty()) continue;
    const std::string_view key = external_namespace_key(space.type);
    if (key.empty()) {
      if (space.type == spec::NamespaceType::kCgroup || space.type == spec::NamespaceType::kTime)
        return fail(in("linux.namespaces", complaint(fmt::format("criu cannot restore into the {} namespace of {}",
                                                                 plan::namespace_file(space.type), space.path))));
      restored.joined.push_back(fmt::format("{}:{}", plan::namespace_file(space.type), space.path));
      continue;
    }
    const Fd opened = TRY_IN("linux.namespaces", kernel::open_file(space.path, O_RDONLY));
    kept_.push_back(TRY(kernel::duplicate(opened.get())));
    restored.descriptors.push_back({kept_.back().get(), std::string(key)});
  }
  return {};
}

Result<CriuProcess> Restoration::begin_criu() {
  RestoredContainer restored{
      .root = {}, .pid_file = criu_pid_file(), .cgroup_roots = {}, .mounts = {}, .descriptors = {}, .joined = {}};
  restored.cgroup_roots = TRY(cgroup_roots(designed_.facts, record_.cgroup_directories));
  restored.mounts = TRY(mounts_to_restore(config(), designed_.facts, record_.cgroup_directories, terminal_.path));
  TRY(bring_streams(restored));
  TRY(bring_namespaces(restored));
  if (has_own_mounts(config())) {
    restored.root = criu_root();
    TRY(kernel::make_directories(restored.root, 0755));
  }
  CriuRun run{.arguments = criu_restore_arguments(options_.criu, restored),
              .log = options_.criu.log_directory() + "/" + std::string(kRestoreLog),
              .cgroups = record_.cgroup_directories,
              .rootfs = config().root.path,
              .root = restored.root,
              .descriptors = {},
              .status_fd = -1,
              .keeps_input = options_.criu.shell_job,
              .stops_at_namespaces = has_creation_hooks(config())};
  for (const Fd& fd : kept_) run.descriptors.push_back(fd.get());
  return CriuProcess::begin(std::move(run));
}

Result<> Restoration::run_criu(CriuProcess& criu) {
  Result<> done =
      criu.run([&](pid_t pid) { return run_creation_hooks(config(), pid, designed_.facts, designed_.request); });
  if (!done) return fail(with_hint_of_files(std::move(done).error(), keys_));
  const std::string text = TRY(kernel::read_file(criu_pid_file()));
  const auto pid = parse_unsigned(cut(text, '\n').head);
  if (!pid || *pid == 0) return fail(complaint(fmt::format("criu has not said which process it restored: '{}'", text)));
  record_.process = TRY(kernel::identify(static_cast<pid_t>(*pid)));
  return {};
}

Result<> Restoration::record() {
  kept_.clear();
  ::rmdir(criu_root().c_str());
  ::unlink(criu_pid_file().c_str());
  TRY(write_record(root_, record_));
  if (!options_.create.pid_file.empty())
    TRY(kernel::replace_file(options_.create.pid_file, std::to_string(record_.process.pid)));
  if (console_ && terminal_.master) {
    TRY_IN("--console-socket", send_descriptor(console_, "/dev/ptmx", terminal_.master));
    terminal_.master = Fd();
  }
  return {};
}

LaunchError Restoration::give_up(LaunchError error) {
  const pid_t pid = record_.process.pid;
  if (!options_.create.pid_file.empty() && pid != 0) ::unlink(options_.create.pid_file.c_str());
  if (record_.id.empty()) record_.id = id();
  if (const Result<> removed = remove_all(root_, record_); !removed)
    error.line += "; and while cleaning up: " + removed.error().text();
  if (pid != 0) ::waitpid(pid, nullptr, 0);
  return error;
}

}  // namespace

std::expected<Restored, LaunchError> restore(const StateRoot& root, RestoreOptions options, const Log& log) {
  return Restoration(root, std::move(options), log).run();
}

}  // namespace caisson::runtime
