#include "inspect/host_summary.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::inspect {

namespace {

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
std::string distribution() {
  const std::string text = kernel::read_file("/etc/os-release", 1 << 16).value_or("");
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    line.remove_prefix(std::string_view("PRETTY_NAME=").size());
    if (line.size() > 1 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return "Linux";
}

std::vector<std::string> security() {
  std::vector<std::string> list;
  if (kernel::read_file("/proc/self/status").value_or("").find("\nSeccomp:") != std::string::npos)
    list.emplace_back("seccomp");
  if (kernel::read_file("/sys/module/apparmor/parameters/enabled").value_or("").starts_with('Y'))
    list.emplace_back("apparmor");
  if (kernel::exists("/sys/fs/selinux/enforce")) list.emplace_back("selinux");
  return list;
}

// Of v2 those of the top, of v1 the hierarchies that are mounted.
std::vector<std::string> controllers(int version) {
  std::vector<std::string> list;
  if (version == 2) {
    const std::string text = kernel::read_file("/sys/fs/cgroup/cgroup.controllers").value_or("");
    for (const std::string_view name : split(cut(text, '\n').head, ' ')) list.emplace_back(name);
    return list;
  }
  const std::string text = kernel::read_file("/proc/cgroups").value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() > 3 && !line.starts_with('#') && fields[1] != "0") list.emplace_back(fields[0]);
  }
  std::ranges::sort(list);
  return list;
}

}  // namespace

HostSummary summarize_host() {
  HostSummary host{.distribution = distribution(), .security = security(), .is_rootless = ::geteuid() != 0};
  struct utsname names{};
  if (::uname(&names) == 0) {
    host.name = names.nodename;
    host.kernel = names.release;
    host.machine = names.machine;
  }
  host.processors = static_cast<std::uint64_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
  struct sysinfo system{};
  if (::sysinfo(&system) == 0) {
    host.memory_bytes = std::uint64_t{system.totalram} * system.mem_unit;
    host.memory_free_bytes = std::uint64_t{system.freeram} * system.mem_unit;
    host.uptime_s = system.uptime;
  }
  host.cgroup_version = kernel::exists("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1;
  host.cgroup_controllers = controllers(host.cgroup_version);
  return host;
}

}  // namespace caisson::inspect
