#include "cgroup/current.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::cgroup {

Result<std::string> unified_cgroup(pid_t pid, const std::string& mount) {
  const std::string listing = TRY(kernel::read_file(fmt::format("/proc/{}/cgroup", pid)));
  for (const std::string_view line : split(listing, '\n')) {
    if (!line.starts_with("0::/")) continue;
    std::string now = mount + std::string(line.substr(3));
    while (now.ends_with('/')) now.pop_back();
    return now;
  }
  return fail(complaint(fmt::format("process {} is in no cgroup of v2", pid)));
}

Result<std::string> current_cgroup(pid_t pid, const std::string& directory, const std::string& mount) {
  std::string now = TRY(unified_cgroup(pid, mount));
  if (now == directory || now.starts_with(directory + "/")) return now;
  return fail(complaint(fmt::format("process {} has left the container's cgroup {} for {}", pid, directory, now)));
}

}  // namespace caisson::cgroup
