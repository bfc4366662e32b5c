#include "engine/prepare.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/devices.h"
#include "engine/network_files.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "plan/build.h"

namespace caisson::engine {

namespace {

constexpr std::int32_t kStopTimeout_s = 10;

std::uint32_t possible_cpus() {
  const Result<std::string> text = kernel::read_file("/sys/devices/system/cpu/possible");  // "0-7"
  if (!text) return 0;
  std::string_view range = *text;
  while (range.ends_with('\n')) range.remove_suffix(1);
  const auto last = parse_unsigned(range.substr(range.find_last_of(",-") + 1));
  return last ? static_cast<std::uint32_t>(*last + 1) : 0;
}

std::map<std::string, std::string> caller_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const Cut parts = cut(*entry, '=');
    if (parts.tail) variables.emplace(parts.head, *parts.tail);
  }
  return variables;
}

std::optional<spec::ConsoleSize> caller_console() {
  struct winsize size{};
  for (const int fd : {0, 1, 2}) {
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0) return spec::ConsoleSize{size.ws_row, size.ws_col};
  }
  return std::nullopt;
}

RootFilesystem root_filesystem(const Source& source, const std::string& container_directory) {
  if (!source.overlay) return {.path = source.directory};
  // Mounted over its own upper layer, which nobody needs to see in the container's mount namespace: a directory less.
  return {.path = container_directory + "/upper",
          .lower = {source.directory},
          .upper = container_directory + "/upper",
          .work = container_directory + "/work"};
}

// The namespace files of containers that are named by `container:NAME`.
Result<> resolve_shared_namespaces(const RunOptions& options, const Places& places, Surroundings& surroundings) {
  struct Shared {
    const NamespaceChoice& choice;
    spec::NamespaceType type;
    std::string_view option;
    std::string_view file;
  };
  const Shared shared[] = {{options.network, spec::NamespaceType::kNetwork, "network", "net"},
                           {options.pid, spec::NamespaceType::kPid, "pid", "pid"},
                           {options.ipc, spec::NamespaceType::kIpc, "ipc", "ipc"},
                           {options.uts, spec::NamespaceType::kUts, "uts", "uts"},
                           {options.cgroupns, spec::NamespaceType::kCgroup, "cgroupns", "cgroup"}};
  for (const Shared& each : shared) {
    if (each.choice.kind != NamespaceKind::kContainer) continue;
    const auto typed = options.typed.find(std::string(each.option));
    const std::string item = typed == options.typed.end() ? "--" + std::string(each.option) : typed->second;
    const Container container = TRY_IN(item, find_container(places, each.choice.target));
    if (!container.live || container.live->process.pid == 0) {
      return fail(
          in(item, complaint(fmt::format("container {} is not running", each.choice.target), "start it first")));
    }
    const std::string process = fmt::format("/proc/{}", container.live->process.pid);
    surroundings.namespaces[each.type] = fmt::format("{}/ns/{}", process, each.file);
    if (each.type == spec::NamespaceType::kIpc) surroundings.shm_directory = process + "/root/dev/shm";
  }
  return {};
}

Result<> resolve_devices(const RunOptions& options, Surroundings& surroundings) {
  for (const DeviceChoice& device : options.devices) {
    surroundings.devices[device.source] = TRY_IN(device.typed, devices_at(device.source));
  }
  if (options.privileged) surroundings.all_devices = TRY_IN("--privileged", all_devices());
  return {};
}

Result<Surroundings> survey(const RunOptions& options, const Identity& identity, const Source& source,
                            const Places& places) {
  const std::string directory = places.container(identity.id);
  Surroundings around{.facts = host::probe(),
                      .cpus = possible_cpus(),
                      .host_name = {},
                      .id = identity.id,
                      .rootfs = root_filesystem(source, directory),
                      .directory = directory};
  struct utsname names{};
  if (::uname(&names) == 0) around.host_name = names.nodename;
  if (!options.no_hosts) around.hosts_file = directory + "/hosts";
  around.resolv_conf_file = directory + "/resolv.conf";
  if (options.uts.kind == NamespaceKind::kPrivate) around.hostname_file = directory + "/hostname";
  around.init_program = places.libexec + "/init";
  around.account = TRY_IN(options.user.empty() ? "user" : "-u " + options.user,
                          resolve_account(options.user, options.groups, read_inside(source.directory, "/etc/passwd"),
                                          read_inside(source.directory, "/etc/group")));
  around.environment = caller_environment();
  if (char* here = ::get_current_dir_name(); here != nullptr) {
    around.working_directory = here;
    std::free(here);
  }
  around.console_size = caller_console();
  TRY(resolve_shared_namespaces(options, places, around));
  TRY(resolve_devices(options, around));
  return around;
}

std::vector<std::string> cgroup_directories(const plan::Plan& plan) {
  std::vector<std::string> directories;
  for (const plan::Step& step : plan.lane(plan::Lane::kParent)) {
    const auto* cgroup = std::get_if<plan::MakeCgroup>(&step.action);
    if (cgroup == nullptr) continue;
    for (const plan::Text directory : plan.texts(cgroup->directories)) directories.emplace_back(plan.view(directory));
  }
  return directories;
}

std::string network_word(const NamespaceChoice& network) {
  switch (network.kind) {
    case NamespaceKind::kHost: return "host";
    case NamespaceKind::kContainer: return "container:" + network.target;
    case NamespaceKind::kPath: return "ns:" + network.target;
    case NamespaceKind::kPrivate:
    case NamespaceKind::kShareable:
    case NamespaceKind::kNone: return "none";
  }
  return "none";
}

Record record_of(const RunOptions& options, const Identity& identity, const Source& source,
                 const Surroundings& around) {
  return {.id = identity.id,
          .name = identity.name,
          .created_ns = now_nanoseconds(),
          .source = options.source,
          .digest = source.digest,
          .rootfs = around.rootfs,
          .remove = options.remove,
          .terminal = options.tty,
          .interactive = options.interactive,
          .stop_signal = options.stop_signal.value_or(SIGTERM),
          .stop_timeout_s = options.stop_timeout_s.value_or(kStopTimeout_s),
          .timeout_s = options.timeout_s.value_or(0),
          .network = network_word(options.network),
          .labels = options.labels};
}

// `directory` and the directories above it, up to the container's own.
void add_with_parents(std::vector<plan::MountSource>& sources, const std::string& directory, const std::string& top) {
  if (directory.size() <= top.size()) return;
  add_with_parents(sources, directory.substr(0, directory.rfind('/')), top);
  const bool there = std::any_of(sources.begin(), sources.end(),
                                 [&](const plan::MountSource& source) { return source.path == directory; });
  if (!there) sources.push_back({directory, {}, true});
}

// What is made for the container and mounted by its configuration.
std::vector<plan::MountSource> mount_sources(const RunOptions& options, const Surroundings& around,
                                             const Composed& composed, const std::string& name) {
  std::vector<plan::MountSource> sources;
  const bool host_network = options.network.kind == NamespaceKind::kHost;
  const std::string hostname = composed.config.hostname.empty() ? around.host_name : composed.config.hostname;
  if (!around.hosts_file.empty()) {
    sources.push_back(
        {around.hosts_file,
         hosts_text(options.hosts, host_network ? kernel::read_file("/etc/hosts").value_or("") : "", hostname, name)});
  }
  if (!around.resolv_conf_file.empty())
    sources.push_back({around.resolv_conf_file, resolv_conf_text(options.dns, host_resolv_conf())});
  if (!around.hostname_file.empty()) sources.push_back({around.hostname_file, hostname + "\n"});
  if (!around.rootfs.lower.empty()) {
    for (const std::string* directory : {&around.rootfs.upper, &around.rootfs.work})
      sources.push_back({*directory, {}, true});
  }
  for (const std::string& directory : composed.directories) {
    add_with_parents(sources, directory, around.directory);
  }
  return sources;
}

}  // namespace

Result<Prepared> prepare(const RunOptions& options, const Identity& identity, const Places& places, Unpack unpack,
                         const Log& log) {
  const Source source = TRY(find_source(options.source, options.sha256, places, unpack, log));
  Surroundings around = TRY(survey(options, identity, source, places));
  Composed composed = TRY(compose(options, around));
  plan::Request request{.origins = composed.origins,
                        .sources = mount_sources(options, around, composed, identity.name),
                        .preserve_fds = options.preserve_fds};
  request.death_signal = SIGKILL;
  plan::Plan plan = TRY(plan::plan_container(composed.config, around.facts, request));

  Record record = record_of(options, identity, source, around);
  record.command = composed.config.process.args;
  record.cgroup_directories = cgroup_directories(plan);
  return Prepared{.facts = std::move(around.facts),
                  .record = std::move(record),
                  .composed = std::move(composed),
                  .plan = std::move(plan)};
}

Result<> give_to_user(const Prepared& prepared) {
  for (const OwnerChange& change : prepared.composed.owners) TRY(give_tree(change.path, change.uid, change.gid));
  return {};
}

}  // namespace caisson::engine
