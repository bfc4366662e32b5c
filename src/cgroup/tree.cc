#include "cgroup/tree.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

void append_children(const std::string& directory, std::vector<std::string>& out) {
  // A directory of kernfs has two links and one for each directory in it, so that most need not be listed.
  const std::optional<struct stat> status = kernel::status_of(directory);
  if (!status || status->st_nlink == 2) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), &::closedir);
  if (!stream) return;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") out.push_back(directory + "/" + entry->d_name);
  }
}

}  // namespace

std::vector<std::string> tree(const std::string& directory) {
  std::vector<std::string> found;
  if (!kernel::exists(directory)) return found;
  found.push_back(directory);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string parent = found[i];  // a copy: the list grows
    append_children(parent, found);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::vector<pid_t> processes_in(const std::string& directory) {
  std::vector<pid_t> pids;
  for (const std::string& group : tree(directory)) {
    const Result<std::string> list = kernel::read_file(group + "/cgroup.procs");
    if (!list) continue;  // gone meanwhile, or a threaded v2 cgroup: its processes are listed above it
    for (const std::string_view line : split(*list, '\n')) {
      // 0 is a process of a pid namespace that this one cannot see.
      if (const auto pid = parse_signed(line); pid && *pid > 0) pids.push_back(static_cast<pid_t>(*pid));
    }
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

bool is_inner_cgroup(const std::string& directory) {
  struct statfs filesystem{};
  if (::statfs(directory.c_str(), &filesystem) != 0) return false;
  if (filesystem.f_type != CGROUP_SUPER_MAGIC && filesystem.f_type != CGROUP2_SUPER_MAGIC) return false;
  const std::optional<struct stat> own = kernel::status_of(directory);
  const std::optional<struct stat> parent = kernel::status_of(directory + "/..");
  return own && parent && own->st_dev == parent->st_dev;
}

}  // namespace caisson::cgroup
