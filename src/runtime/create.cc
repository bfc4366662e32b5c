#include "runtime/create.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "execute/executor.h"
#include "host/probe.h"
#include "kernel/few_mounts.h"
#include "kernel/files.h"
#include "kernel/network_ahead.h"
#include "kernel/user_namespace.h"
#include "plan/resctrl.h"
#include "runtime/hand_over.h"
#include "runtime/hooks.h"
#include "runtime/remove.h"
#include "runtime/systemd.h"
#include "runtime/target.h"

namespace caisson::runtime {

namespace {

// Where the mount namespace is kept that spares containers the copies of the host's mounts, once there are many.
constexpr std::string_view kFewMounts = "/run/caisson-mounts";
constexpr std::size_t kManyMounts = 100;

// sd_listen_fds(3): sockets that the service manager gave to this process are the container's.
std::uint32_t passed_sockets(spec::Process& process) {
  const char* count = ::getenv("LISTEN_FDS");
  const char* pid = ::getenv("LISTEN_PID");
  const auto number = parse_unsigned(count == nullptr ? "" : count);
  if (!number || *number == 0 || *number > 1000) return 0;
  if (pid != nullptr && parse_unsigned(pid) != static_cast<std::uint64_t>(::getpid())) return 0;
  std::erase_if(process.env, [](const std::string& variable) { return variable.starts_with("LISTEN_"); });
  process.env.push_back(fmt::format("LISTEN_FDS={}", *number));
  process.env.emplace_back("LISTEN_PID=1");
  return static_cast<std::uint32_t>(*number);
}

Result<> check_terminal(const CreateOptions& options, bool has_terminal) {
  if (has_terminal && options.console_socket.empty() && !options.serves_terminal)
    return fail(
        complaint("cannot allocate tty if runc will detach without setting console socket",
                  "process.terminal is true: --console-socket says who gets it; a terminal of the caller's would "
                  "be shown it in the foreground"));
  if (!has_terminal && !options.console_socket.empty())
    return fail(complaint("cannot use console socket if runc will not detach or allocate tty",
                          "process.terminal is false: there is nothing to send there"));
  return {};
}

// crun.1 "run.oci.systemd.subgroup": the container is the scope here, as runc has it, which is what an empty name asks
// for.
Result<> check_subgroup(const spec::Config& config) {
  constexpr const char* kAnnotation = "run.oci.systemd.subgroup";
  const auto found = config.annotations.find(kAnnotation);
  if (found == config.annotations.end() || found->second.empty()) return {};
  return fail(in(fmt::format("annotations.{}", kAnnotation),
                 complaint(fmt::format("no cgroup '{}' is made below the scope, whose processes are the container's",
                                       found->second),
                           "leave out the annotation, or make it empty")));
}

// What the configuration leaves open, and what is asked for beside it.
void complete(Designed& designed, const StateRoot& root, const std::string& id, const Choices& choices) {
  if (choices.notifies) pass_notifications(designed.bundle.config, root.notify_directory(id));
  designed.facts = host::probe();
  const bool is_root = is_root_of_host(designed.facts);
  designed.request.copies_mounts = is_root || kernel::may_copy_mounts();
  designed.request.set_groups = is_root || may_set_groups(::getpid());
  designed.request.new_keyring = choices.new_keyring;
  designed.request.refuses_lost_groups = true;
  designed.request.no_pivot = !choices.pivot;
  designed.request.network_ahead = choices.network_ahead;
  designed.request.few_mounts = choices.few_mounts;
  designed.request.systemd_program = choices.systemd_program;
  designed.request.state = {
      .id = id, .bundle = designed.bundle.directory, .annotations = designed.bundle.config.annotations};
}

// A container on its way: what it has put on the host is taken back unless it is done.
class Creation {
 public:
  Creation(const StateRoot& root, const CreateOptions& options, const Log& log)
      : root_(root), options_(options), log_(log) {}

  std::expected<Created, LaunchError> run();

 private:
  std::expected<void, LaunchError> launch();
  Result<> prepare();
  Result<> open_namespaces();
  Result<> record();
  Result<> hand_over();
  Result<> run_poststart();
  LaunchError give_up(LaunchError error);

  const StateRoot& root_;
  const CreateOptions& options_;
  const Log& log_;
  Created created_;
  Fd listener_;
  Fd console_;
  kernel::NetworkAhead network_ahead_;
  Fd network_;
  Fd few_mounts_;
  Fd channel_;
};

std::expected<Created, LaunchError> Creation::run() {
  Result<Designed> designed = design(root_, options_, log_, &network_ahead_);
  if (!designed) return std::unexpected(refusal(designed.error()));
  created_.designed = std::move(*designed);
  if (const Result<> reserved = reserve(root_, options_.id); !reserved)
    return std::unexpected(refusal(reserved.error()));
  if (const Result<> prepared = prepare(); !prepared) return std::unexpected(give_up(refusal(prepared.error())));
  if (auto launched = launch(); !launched) return std::unexpected(give_up(std::move(launched).error()));
  // From here on there is a process: others find it by the record.
  Result<> done = record();
  if (done) done = hand_over();
  if (done && options_.begin == Begin::kAtOnce) done = run_poststart();
  if (!done) return std::unexpected(give_up(refusal(done.error())));
  return std::move(created_);
}

Result<> Creation::prepare() {
  TRY(open_namespaces());
  const Designed& designed = created_.designed;
  const spec::Config& config = designed.bundle.config;
  created_.record = {.id = options_.id,
                     .oci_version = config.oci_version,
                     .bundle = designed.bundle.directory,
                     .rootfs = config.root.path,
                     .annotations = config.annotations,
                     .cgroup_directories = plan::cgroup_directories(designed.plan),
                     .resctrl_directories = plan::resctrl_leftovers(config, options_.id, designed.facts.resctrl),
                     .systemd_unit = plan::systemd_unit(designed.plan),
                     .owner = designed.facts.effective_uid,
                     .created_ns = now_nanoseconds(),
                     .choices = options_.choices,
                     .has_poststop = !config.hooks.poststop.empty(),
                     .creator = kernel::identify(::getpid()).value_or(kernel::ProcessId{})};
  created_.record.choices.network_ahead = designed.request.network_ahead;
  created_.record.choices.few_mounts = designed.request.few_mounts;
  created_.record.systemd_is_user = designed.facts.systemd && designed.facts.systemd->is_user;
  TRY(kernel::write_new_file(root_.config(options_.id), designed.bundle.text, 0600));
  TRY(kernel::write_new_file(root_.record(options_.id), to_json(created_.record), 0600));
  if (!options_.console_socket.empty()) console_ = TRY(connect_to(options_.console_socket));
  if (options_.choices.notifies) {
    // Its directory is mounted; a started container's socket is bound by who starts it.
    NotifyProxy proxy = TRY(NotifyProxy::bind(root_.notify_directory(options_.id), notify_socket().value_or("")));
    if (options_.begin == Begin::kAtOnce) created_.notify.emplace(std::move(proxy));
  }
  if (options_.begin == Begin::kWhenStarted) listener_ = TRY(listen_for_start(root_, options_.id));
  return {};
}

// They are for speed alone: without them everything is made from where this process is.
Result<> Creation::open_namespaces() {
  Designed& designed = created_.designed;
  const auto prepare = [&](std::string_view slot, auto&& opener, Fd& opened, bool& wanted) {
    if (designed.plan.find_slot(slot) == plan::kNoSlot) return;
    Result<Fd> result = opener();
    wanted = result.has_value();
    if (result)
      opened = std::move(*result);
    else
      log_.debug(fmt::format("without a {}: {}", slot, result.error().text()));
  };
  const plan::Request before = designed.request;
  plan::Request& request = designed.request;
  prepare(plan::kSlotNetwork, [&] { return network_ahead_.take(); }, network_, request.network_ahead);
  prepare(
      plan::kSlotFewMounts, [] { return kernel::few_mounts(std::string(kFewMounts)); }, few_mounts_,
      request.few_mounts);
  if (request.network_ahead == before.network_ahead && request.few_mounts == before.few_mounts) return {};
  designed.plan = TRY(plan::plan_container(designed.bundle.config, designed.facts, request));
  return {};
}

std::expected<void, LaunchError> Creation::launch() {
  // A container with a terminal does not hold ours open until it is started: who reads them would wait for that.
  Result<Streams> streams = created_.designed.bundle.config.process.terminal ? Streams() : own_streams();
  if (!streams) return std::unexpected(refusal(streams.error()));
  Descriptors descriptors = streams->borrowed();
  descriptors.start = listener_.get();
  descriptors.few_mounts = few_mounts_.get();
  descriptors.network = network_.get();
  const Designed& designed = created_.designed;
  tell(designed.plan, log_);
  auto launched = runtime::launch(designed.plan, descriptors, designed.facts, options_.times);
  if (!launched) {
    LaunchError error = std::move(launched).error();
    error.line = "unable to start container process: " + error.line;
    return std::unexpected(std::move(error));
  }
  created_.record.process = kernel::identify(launched->pid).value_or(kernel::ProcessId{launched->pid, 0});
  log_.debug(fmt::format("the container's process is {}", launched->pid));
  created_.pidfd = std::move(launched->pidfd);
  created_.terminal = std::move(launched->terminal);
  created_.times = std::move(launched->times);
  channel_ = std::move(launched->channel);
  return {};
}

Result<> Creation::record() {
  TRY(write_record(root_, created_.record));
  if (!options_.pid_file.empty())
    TRY(kernel::replace_file(options_.pid_file, std::to_string(created_.record.process.pid)));
  return {};
}

Result<> Creation::hand_over() {
  if (console_) {
    TRY_IN("--console-socket", send_descriptor(console_, "/dev/ptmx", created_.terminal));
    created_.terminal = Fd();
  }
  if (!options_.pidfd_socket.empty()) {
    const Fd socket = TRY_IN("--pidfd-socket", connect_to(options_.pidfd_socket));
    TRY_IN("--pidfd-socket", send_descriptor(socket, "standard", created_.pidfd));
  }
  if (options_.begin == Begin::kWhenStarted) TRY(execute::let_wait(std::move(channel_)));
  return {};
}

Result<> Creation::run_poststart() {
  const Designed& designed = created_.designed;
  return run_poststart_hooks(designed.bundle.config, created_.record.process.pid, designed.facts, designed.request);
}

LaunchError Creation::give_up(LaunchError error) {
  if (!options_.pid_file.empty() && created_.record.process.pid != 0) ::unlink(options_.pid_file.c_str());
  channel_ = Fd();
  created_.terminal = Fd();
  const bool has_run = created_.record.process.pid != 0;
  if (created_.record.id.empty()) created_.record.id = options_.id;
  log_.debug("it failed; what there is of the container on the host is removed");
  if (!has_run && !created_.record.systemd_unit.empty()) {
    // The plan has taken back what it did; a unit that was there before is somebody else's, with what is in it.
    created_.record.systemd_unit.clear();
    created_.record.cgroup_directories.clear();
  }
  if (const Result<> removed = remove_all(root_, created_.record); !removed) {
    error.line += "; and while cleaning up: " + removed.error().text();
  }
  if (has_run) ::waitpid(created_.record.process.pid, nullptr, 0);
  const Designed& designed = created_.designed;
  for (const std::string& warning : run_poststop_hooks(designed.bundle.config, designed.facts, designed.request))
    log_.warning(warning);
  return error;
}

}  // namespace

LaunchError refusal(const Error& error) { return {.line = error.text(), .hint = error.hint, .exit_status = 1}; }

Result<Designed> design(const StateRoot& root, const CreateOptions& options, const Log& log,
                        kernel::NetworkAhead* network_ahead) {
  Designed designed;
  designed.bundle = TRY(read_bundle(options.bundle, options.config_file, options.strictness));
  for (const std::string& warning : designed.bundle.warnings) log.warning(warning);
  spec::Config& config = designed.bundle.config;
  const bool makes_network = ::geteuid() == 0 && plan::network_can_be_made_ahead(config);
  if (makes_network && network_ahead != nullptr) network_ahead->begin();
  TRY(check_terminal(options, config.process.terminal));
  const std::uint32_t preserved = options.preserve_fds + passed_sockets(config.process);
  TRY(check_preserved(preserved));
  complete(designed, root, options.id, options.choices);
  designed.request.wait_for_start = options.begin == Begin::kWhenStarted;
  designed.request.network_ahead = makes_network;
  designed.request.few_mounts = is_root_of_host(designed.facts) && kernel::has_more_mounts_than(kManyMounts);
  if (!options.choices.systemd_program.empty()) {
    TRY(check_subgroup(config));
    TRY(use_systemd(options.choices.systemd_program, designed.facts));
  }
  designed.request.preserve_fds = preserved;
  designed.request.terminal_adds_returns = !options.serves_terminal;
  if (options.makes_cgroup) {
    const Result<> settled = settle_cgroup(config, options.id, designed.facts, designed.request, log);
    // The processes in it may be those of the container that has the id.
    if (!settled) return fail(kernel::exists(root.directory(options.id)) ? id_is_taken() : settled.error());
  } else {
    TRY(settle_without_cgroup(config, designed.facts, designed.request));
  }
  designed.plan = TRY(plan::plan_container(config, designed.facts, designed.request));
  for (const std::string& warning : designed.plan.warnings()) log.warning(warning);
  return designed;
}

Result<Designed> design_again(const StateRoot& root, const Record& record) {
  Designed designed{
      .bundle = TRY(reread_bundle(record.bundle, root.config(record.id))), .facts = {}, .request = {}, .plan = {}};
  complete(designed, root, record.id, record.choices);
  if (!record.choices.systemd_program.empty()) TRY(use_systemd(record.choices.systemd_program, designed.facts));
  settle_again(designed.bundle.config, record.cgroup_directories, designed.facts, designed.request);
  designed.request.wait_for_start = true;
  return designed;
}

std::expected<Created, LaunchError> create(const StateRoot& root, const CreateOptions& options, const Log& log) {
  return Creation(root, options, log).run();
}

}  // namespace caisson::runtime
