#include "host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace caisson::bench {
namespace {

bool is_file_system(const char* path, decltype(std::declval<struct statfs>().f_type) type) {
  struct statfs file_system{};
  return statfs(path, &file_system) == 0 && file_system.f_type == type;
}

bool is_hybrid_host() {
  return !is_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC) &&
         is_file_system("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC);
}

}  // namespace

Result<std::shared_ptr<const Fd>> namespace_for_crun() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(os_error("pipe2", "for a mount namespace"));
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fail(os_error("fork", "for a mount namespace"));
  if (child == 0) {
    const bool is_made = unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         (!is_hybrid_host() || umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0);
    if (is_made && write(writer.get(), "1", 1) == 1) pause();  // until its namespace was opened
    _exit(1);
  }
  writer = Fd();
  char is_made = 0;
  Result<std::shared_ptr<const Fd>> opened = fail(complaint("no mount namespace can be made for it"));
  if (read(reader.get(), &is_made, 1) == 1) {
    const std::string path = fmt::format("/proc/{}/ns/mnt", child);
    Fd mount_namespace(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (mount_namespace)
      opened = std::make_shared<const Fd>(std::move(mount_namespace));
    else
      opened = fail(os_error("open", path));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return opened;
}

Result<> add_mounts(std::uint64_t count, const std::filesystem::path& directory) {
  if (unshare(CLONE_NEWNS) != 0) return fail(os_error("unshare", "CLONE_NEWNS"));
  if (mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail(os_error("mount", "/"));
  const std::string base = directory;
  if (mkdir(base.c_str(), 0755) != 0) return fail(os_error("mkdir", base));
  if (mount("tmpfs", base.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
    return fail(os_error("mount", base));
  const std::string source = base + "/source";
  if (mkdir(source.c_str(), 0755) != 0) return fail(os_error("mkdir", source));
  for (std::uint64_t i = 1; i < count; ++i) {
    const std::string point = fmt::format("{}/{}", base, i);
    if (mkdir(point.c_str(), 0755) != 0) return fail(os_error("mkdir", point));
    if (mount(source.c_str(), point.c_str(), nullptr, MS_BIND, nullptr) != 0) return fail(os_error("mount", point));
  }
  return {};
}

}  // namespace caisson::bench
