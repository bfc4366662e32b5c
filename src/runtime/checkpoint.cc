#include "runtime/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "cgroup/freezer.h"
#include "cgroup/place.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "plan/build.h"
#include "runtime/bundle.h"
#include "runtime/criu.h"
#include "runtime/external_mounts.h"
#include "runtime/image_streams.h"
#include "runtime/image_terminal.h"
#include "runtime/remove.h"

namespace caisson::runtime {

namespace {

constexpr int kPatience_ms = 10'000;

Result<> check_status(Status status) {
  if (status == Status::kRunning || status == Status::kPaused) return {};
  return fail(complaint(fmt::format("Container cannot be checkpointed in {} state", status_word(status))));
}

Result<> check_parent(const CriuDumpOptions& options) {
  if (options.parent_path.empty()) return {};
  if (options.parent_path.starts_with('/')) return fail(complaint("--parent-path must be relative"));
  // The directory of the images may have to be made first.
  const std::string parent =
      std::filesystem::path(options.image_path + "/" + options.parent_path).lexically_normal().string();
  const auto status = kernel::status_of(parent);
  if (!status) return fail(in("invalid --parent-path", os_error("stat", parent)));
  if (S_ISDIR(status->st_mode)) return {};
  return fail(in("invalid --parent-path", complaint(fmt::format("{} is not a directory", parent))));
}

Result<> check_status_fd(int fd) {
  if (fd < 0) return {};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return fail(in("--status-fd", os_error("fcntl", std::to_string(fd))));
  if ((flags & O_ACCMODE) != O_RDONLY) return {};
  return fail(complaint(fmt::format("--status-fd: descriptor {} is not open for writing", fd)));
}

std::string freezer_of(const Record& record, const HostFacts& facts) {
  for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
    if (!hierarchy.has("freezer") && !(hierarchy.unified && facts.cgroup_mode == CgroupMode::kV2)) continue;
    const std::string* directory = cgroup::directory_in(hierarchy, record.cgroup_directories);
    if (directory != nullptr) return *directory;
  }
  return {};
}

// Namespaces that were there before the container, and outlive it.
Result<std::vector<std::string>> external_namespaces(const spec::Config& config) {
  std::vector<std::string> externals;
  for (const spec::Namespace& space : config.linux_.namespaces) {
    const std::string_view key = external_namespace_key(space.type);
    if (key.empty() || space.path.empty()) continue;
    const auto status = kernel::status_of(space.path);
    if (!status) return fail(in("linux.namespaces", os_error("stat", space.path)));
    externals.push_back(fmt::format("{}[{}]:{}", plan::namespace_file(space.type), status->st_ino, key));
  }
  return externals;
}

// That of the first of its streams that is one.
Fd open_terminal(pid_t pid, const StreamKeys& keys) {
  for (std::size_t fd = 0; fd < keys.size(); ++fd) {
    if (!is_terminal_key(keys[fd])) continue;
    return kernel::open_file(fmt::format("/proc/{}/fd/{}", pid, fd), O_RDONLY | O_NOCTTY | O_NONBLOCK).value_or(Fd());
  }
  return {};
}

Result<> dump(const CriuDumpOptions& options, const Record& record, const spec::Config& config) {
  const pid_t pid = record.process.pid;
  const std::string mountinfo = TRY(kernel::read_file(fmt::format("/proc/{}/mountinfo", pid)));
  const ProcessStreams streams = streams_of(pid, mountinfo);
  const std::string freezer = freezer_of(record, host::probe());
  DumpedContainer dumped{.pid = pid,
                         .rootfs = record.rootfs,
                         .freezer = freezer,
                         .mounts = {},
                         .externals = TRY(external_namespaces(config))};
  if (!options.pre_dump) {
    dumped.mounts = TRY(mounts_to_dump(config, pid, mountinfo));
    for (const std::string& key : streams.keys) {
      const bool listed = std::find(dumped.externals.begin(), dumped.externals.end(), key) != dumped.externals.end();
      // The terminal of a shell's job is found by criu itself.
      if (is_external_key(key) && !listed && !(options.shell_job && is_terminal_key(key)))
        dumped.externals.push_back(key);
    }
    TRY(write_streams(options.image_path, streams));
  }
  CriuProcess criu = TRY(CriuProcess::begin({.arguments = criu_dump_arguments(options, dumped),
                                             .log = options.log_directory() + "/" + std::string(kDumpLog),
                                             .cgroups = {},
                                             .rootfs = {},
                                             .root = {},
                                             .descriptors = {},
                                             .status_fd = options.status_fd,
                                             .keeps_input = options.shell_job}));
  const Fd terminal = open_terminal(pid, streams.keys);
  TRY(criu.run());
  if (!terminal || options.pre_dump) return {};
  // A terminal whose other end is closed has no state.
  const Result<TerminalState> state = state_of_terminal(terminal.get());
  return state ? write_terminal(options.image_path, *state) : Result<>();
}

// criu has killed them; those of a frozen cgroup end when they may go on.
Result<> await_end(const Container& container) {
  const Record& record = container.record;
  if (container.status == Status::kPaused) TRY(cgroup::thaw(record.cgroup_directories));
  const Result<Fd> pidfd = kernel::open_process(record.process);
  if (!pidfd) return pidfd.error().number == ESRCH ? Result<>() : fail(pidfd.error());
  if (kernel::wait_until_gone(pidfd->get(), kPatience_ms)) return {};
  return fail(complaint(fmt::format("process {} goes on after its checkpoint", record.process.pid)));
}

}  // namespace

std::string_view external_namespace_key(spec::NamespaceType type) {
  if (type == spec::NamespaceType::kNetwork) return "extRootNetNS";
  if (type == spec::NamespaceType::kPid) return "extRootPidNS";
  return {};
}

Result<std::string> criu_config_file(const spec::Config& config) {
  constexpr std::array kUsual = {"/etc/criu/caisson-oci.conf", "/etc/criu/runc.conf"};
  const auto annotation = config.annotations.find("org.criu.config");
  if (annotation != config.annotations.end()) {
    if (annotation->second.empty() || kernel::exists(annotation->second)) return annotation->second;
    return fail(in("annotations.org.criu.config", os_error("stat", annotation->second)));
  }
  const auto found = std::find_if(kUsual.begin(), kUsual.end(), [](const char* file) { return kernel::exists(file); });
  return found == kUsual.end() ? std::string() : std::string(*found);
}

Result<> checkpoint(const StateRoot& root, const Container& container, CriuDumpOptions options, const Log& log) {
  TRY(check_status(container.status));
  TRY(check_status_fd(options.status_fd));
  TRY(check_parent(options));
  TRY(find_criu());
  const Record& record = container.record;
  const Bundle bundle = TRY(reread_bundle(record.bundle, root.config(record.id)));
  options.config_file = TRY(criu_config_file(bundle.config));
  TRY_IN("--image-path", kernel::make_directories(options.image_path, 0700));
  if (!options.work_path.empty()) TRY_IN("--work-path", kernel::make_directories(options.work_path, 0700));
  TRY(dump(options, record, bundle.config));
  if (options.leave_running || options.pre_dump) return {};
  TRY(await_end(container));
  return remove(root, container, Force::kYes, log);
}

}  // namespace caisson::runtime
