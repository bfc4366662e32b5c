#include "engine/survey.h"

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
#include "engine/resolve_mounts.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

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

RootFilesystem root_filesystem(const Source& source, const std::string& container_directory) {
  if (source.layers.empty()) return {.path = source.directory};
  // Mounted over its own upper layer, which nobody needs to see in the container's mount namespace: a directory less.
  return {.path = container_directory + "/upper",
          .lower = source.layers,
          .upper = container_directory + "/upper",
          .work = container_directory + "/work"};
}

// Whoever has another's network or name has its files about them, too. An infra container's are made when it starts.
void share_files(const Container& other, spec::NamespaceType type, const Places& places, Surroundings& surroundings) {
  const auto file_of_other = [&](const char* name) {
    const std::string path = places.container(other.record.id) + name;
    return other.record.pod.is_infra || kernel::exists(path) ? path : std::string();
  };
  if (type == spec::NamespaceType::kUts) {
    surroundings.hostname_file = file_of_other("/hostname");
    return;
  }
  if (!surroundings.hosts_file.empty()) surroundings.hosts_file = file_of_other("/hosts");
  surroundings.resolv_conf_file = file_of_other("/resolv.conf");
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
    const bool is_named = each.type == spec::NamespaceType::kUts && !options.no_hostname;
    if (each.type == spec::NamespaceType::kNetwork || is_named) share_files(container, each.type, places, surroundings);
    // One that is made for a pod that does not run yet finds out when it starts, by prepare_again().
    const bool is_infra = container.record.pod.is_infra && container.record.pod.id == options.membership.id;
    if (!is_infra && (!container.live || container.live->process.pid == 0)) {
      return fail(
          in(item, complaint(fmt::format("container {} is not running", each.choice.target), "start it first")));
    }
    const pid_t pid = container.live ? container.live->process.pid : 0;
    const std::string process = fmt::format("/proc/{}", pid);
    surroundings.joined[container.record.id] = pid;
    surroundings.namespaces[each.type] = fmt::format("{}/ns/{}", process, each.file);
    // The kernel lets an ordinary user copy no mounts of another mount namespace: what a pod shares is IPC alone then.
    const bool can_share = !is_infra || !surroundings.facts.is_ordinary_user();
    if (each.type == spec::NamespaceType::kIpc && can_share) surroundings.shm_directory = process + "/root/dev/shm";
  }
  return {};
}

Result<> resolve_devices(const RunOptions& options, Surroundings& surroundings) {
  for (const DeviceChoice& device : options.devices) {
    surroundings.devices[device.source] = TRY_IN(device.typed, devices_at(device.source));
  }
  TRY(resolve_limited_devices(options, surroundings));
  if (options.privileged) surroundings.all_devices = TRY_IN("--privileged", all_devices());
  return {};
}

bool is_regular_file(const std::string& path) {
  const auto status = kernel::status_of(path);
  return status && S_ISREG(status->st_mode);
}

Result<std::string> init_program(const RunOptions& options, const Places& places) {
  if (options.init_path.empty()) return places.libexec + "/init";
  std::string program = TRY_IN("--init-path", kernel::absolute_path(options.init_path));
  if (::access(program.c_str(), X_OK) != 0 || !is_regular_file(program))
    return fail(in("--init-path", complaint(fmt::format("'{}' is no program", program))));
  return program;
}

// The host's description of a time zone (tzfile(5)).
Result<std::string> timezone_file(const std::string& zone) {
  if (zone.empty()) return std::string();
  std::string file = zone == "local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + zone;
  if (is_regular_file(file)) return file;
  return fail(in("--tz " + zone, complaint(fmt::format("this host has no file {}", file))));
}

// With keep-id the container's user is the caller, unless another is asked for; otherwise the image's.
std::string default_user(const RunOptions& options, const HostFacts& facts, const Source& source) {
  if (options.userns.kind != UserNamespaceKind::kKeepId) return source.image ? source.image->defaults.user : "";
  return fmt::format("{}:{}", options.userns.uid.value_or(facts.effective_uid),
                     options.userns.gid.value_or(facts.effective_gid));
}

Result<Account> find_account(const RunOptions& options, const HostFacts& facts, const Source& source) {
  const std::string user = options.user.empty() ? default_user(options, facts, source) : options.user;
  Result<Account> account =
      resolve_account(user, options.groups, read_inside(source, "/etc/passwd"), read_inside(source, "/etc/group"));
  if (account) return account;
  Error error = in(options.user.empty() ? "user" : "-u " + options.user, account.error());
  if (!source.is_unpacked) error.hint = "its files are not unpacked yet, which `caisson run` does";
  return fail(std::move(error));
}

// One that the image does not know is looked up there by programs all the same.
bool needs_user_entry(const RunOptions& options, const Account& account, const Source& source) {
  return options.adds_user && account.name.empty() && account.uid != 0 && !read_inside(source, "/etc/passwd").empty();
}

}  // namespace

std::optional<spec::ConsoleSize> caller_console() {
  struct winsize size{};
  for (const int fd : {0, 1, 2}) {
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0) return spec::ConsoleSize{size.ws_row, size.ws_col};
  }
  return std::nullopt;
}

// With keep-id it is the caller, who has a name on the host.
Result<std::string> passwd_text(const RunOptions& options, const Surroundings& around, const Source& source) {
  const bool is_caller = options.userns.kind == UserNamespaceKind::kKeepId && options.user.empty();
  const std::string name =
      is_caller ? user_name(kernel::read_file("/etc/passwd").value_or(""), around.facts.effective_uid) : "";
  std::string text = read_inside(source, "/etc/passwd");
  if (!text.ends_with('\n')) text += '\n';
  return text + TRY_IN("--passwd-entry", passwd_line(around.account, name, options.user_entry));
}

Result<Surroundings> survey(const RunOptions& options, const Identity& identity, const Source& source,
                            const Places& places, HostFacts facts, UserNamespace user_namespace) {
  const std::string directory = places.container(identity.id);
  Surroundings around{.facts = std::move(facts),
                      .cpus = possible_cpus(),
                      .host_name = {},
                      .id = identity.id,
                      .rootfs = root_filesystem(source, directory),
                      .image = source.image,
                      .directory = directory};
  if (options.nano_cpus) around.online_cpus = static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 0L));
  struct utsname names{};
  if (::uname(&names) == 0) around.host_name = names.nodename;
  around.live_directory = places.live(identity.id);
  if (!options.no_hosts) around.hosts_file = directory + "/hosts";
  around.resolv_conf_file = directory + "/resolv.conf";
  if (options.uts.kind == NamespaceKind::kPrivate && !options.no_hostname)
    around.hostname_file = directory + "/hostname";
  around.init_program = TRY(init_program(options, places));
  around.timezone_file = TRY(timezone_file(options.timezone));
  around.user_namespace = std::move(user_namespace);
  around.account = TRY(find_account(options, around.facts, source));
  if (needs_user_entry(options, around.account, source)) around.passwd_file = directory + "/passwd";
  around.environment = caller_environment();
  if (char* here = ::get_current_dir_name(); here != nullptr) {
    around.working_directory = here;
    std::free(here);
  }
  around.console_size = caller_console();
  if (const std::string& profile = options.security.seccomp_profile; !profile.empty())
    around.seccomp_profile = TRY_IN("--security-opt seccomp=" + profile, kernel::read_file(profile));
  TRY(resolve_shared_namespaces(options, places, around));
  if (options.userns.kind == UserNamespaceKind::kContainer) {
    const Container joined = TRY(find_container(places, options.userns.target));
    if (joined.live) around.joined[joined.record.id] = joined.live->process.pid;
  }
  TRY(resolve_devices(options, around));
  TRY(resolve_volumes(options, places, around));
  return around;
}

}  // namespace caisson::engine
