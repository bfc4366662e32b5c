#include "runtime/cgroup_options.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>

#include "base/fd.h"
#include "base/text.h"
#include "kernel/files.h"

namespace caisson::runtime {

CgroupOptions CgroupOptions::read() {
  constexpr std::size_t kPoint = 4, kOptionsAfterDash = 3;  // proc_pid_mountinfo(5)
  CgroupOptions found;
  const std::string mounts = kernel::read_file("/proc/self/mountinfo").value_or("");
  for (const std::string_view line : split(mounts, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.end() - dash <= static_cast<std::ptrdiff_t>(kOptionsAfterDash) || dash[1] != "cgroup2") continue;
    found.point_ = words[kPoint];
    found.options_ = dash[kOptionsAfterDash];
    break;
  }
  return found;
}

Result<> CgroupOptions::restore() const {
  if (point_.empty() || read().options_ == options_) return {};
  const Fd file_system(::fspick(AT_FDCWD, point_.c_str(), FSPICK_CLOEXEC));
  if (!file_system) return fail(os_error("fspick", point_));
  for (const std::string_view option : split(options_, ',')) {
    const std::string name(option);
    if (name == "rw" || name == "ro") continue;
    if (::fsconfig(file_system.get(), FSCONFIG_SET_FLAG, name.c_str(), nullptr, 0) != 0)
      return fail(os_error("fsconfig", name));
  }
  if (::fsconfig(file_system.get(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0) == 0) return {};
  return fail(os_error("fsconfig", point_));
}

}  // namespace caisson::runtime
