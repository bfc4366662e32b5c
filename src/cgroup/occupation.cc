#include "cgroup/occupation.h"

#include <algorithm>

#include <fmt/format.h>

#include "cgroup/freezer.h"
#include "cgroup/tree.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

std::size_t processes_of(const std::string& directory) {
  const std::string list = kernel::read_file(directory + "/cgroup.procs").value_or("");
  return static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n'));
}

}  // namespace

Result<Occupation> look_into(const std::vector<std::string>& directories) {
  Occupation found;
  std::vector<std::string> present;
  for (const std::string& directory : directories) {
    if (kernel::exists(directory)) present.push_back(directory);
  }
  if (present.empty()) return found;
  if (is_frozen(present)) return fail(complaint("container's cgroup unexpectedly frozen", "thaw it, or name another"));
  std::size_t processes = 0;
  for (const std::string& directory : present) {
    processes = std::max(processes, processes_of(directory));
    if (Result<std::string> list = kernel::read_file(directory + "/devices.list")) {
      found.has_children = tree(directory).size() > 1;
      found.device_list = std::move(*list);
    }
  }
  if (processes > 0)
    return fail(complaint(fmt::format("container's cgroup is not empty: {} process(es) found", processes),
                          "they would be under its limits, and be killed with it: name another"));
  return found;
}

}  // namespace caisson::cgroup
