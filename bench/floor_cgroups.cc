#include "floor_cgroups.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "floor_report.h"

namespace caisson::bench {

Cgroups::Cgroups(const char* name) {
  if (name != nullptr)
    snprintf(own_.data(), own_.size(), "%s", name);
  else
    snprintf(own_.data(), own_.size(), "floor-%d", getpid());
}

bool Cgroups::make(std::uint64_t memory_bytes) {
  memory_bytes_ = memory_bytes;
  is_owner_ = true;
  return find(Purpose::kMake);
}

bool Cgroups::find_to_join() { return find(Purpose::kJoin); }

bool Cgroups::find_to_remove() { return find(Purpose::kRemove); }

bool Cgroups::find(Purpose purpose) {
  const int mounts = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!done(mounts, "open", "/sys/fs/cgroup")) return false;
  struct statfs file_system{};
  if (!done(fstatfs(mounts, &file_system), "fstatfs", "/sys/fs/cgroup")) return false;
  if (file_system.f_type == CGROUP2_SUPER_MAGIC) return add("", mounts, true, purpose);

  alignas(dirent64) std::array<char, 4096> entries{};
  for (;;) {
    const long length = syscall(SYS_getdents64, mounts, entries.data(), entries.size());
    if (!done(length, "getdents64", "/sys/fs/cgroup")) return false;
    if (length == 0) break;
    for (long at = 0; at < length;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && !add_if_mounted(mounts, entry->d_name, purpose))
        return false;
      at += entry->d_reclen;
    }
  }
  close(mounts);
  return true;
}

bool Cgroups::add_if_mounted(int mounts, const char* name, Purpose purpose) {
  const int root = openat(mounts, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (!done(root, "openat", name)) return false;
  struct statfs file_system{};
  if (!done(fstatfs(root, &file_system), "fstatfs", name)) return false;
  if (file_system.f_type == CGROUP_SUPER_MAGIC) return add(name, root, false, purpose);
  if (file_system.f_type == CGROUP2_SUPER_MAGIC) return add(name, root, true, purpose);
  close(root);
  return true;
}

bool Cgroups::add(const char* name, int root, bool is_v2, Purpose purpose) {
  if (count_ == hierarchies_.size() || strlen(name) >= sizeof Hierarchy::name) {
    errno = E2BIG;
    return done(-1, "cgroups", name);
  }
  if (purpose == Purpose::kMake && !done(mkdirat(root, own(), 0755), "mkdirat", name)) return false;
  Hierarchy& added = hierarchies_[count_++];
  added = {.name = {}, .root = root, .tasks = -1, .is_v2 = is_v2};
  strcpy(added.name.data(), name);
  if (purpose == Purpose::kRemove) return true;
  if (purpose == Purpose::kMake && !configure(added)) return false;
  if (is_v2) {
    v2_cgroup_ = openat(root, own(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    return done(v2_cgroup_, "openat", name);
  }
  // Not cgroup.procs: a thread that moves itself alone needs no lock against other threads (since Linux 5.6, commit
  // 9a3284fad42f), and that lock costs a grace period of 10 to 20 ms whenever nobody has taken it lately.
  added.tasks = open_own(added, "tasks", O_WRONLY);
  return added.tasks >= 0;
}

bool Cgroups::configure(const Hierarchy& hierarchy) const {
  const std::string_view controllers = hierarchy.name.data();
  const Text memory("%llu", static_cast<unsigned long long>(memory_bytes_));
  if (hierarchy.is_v2) {
    const bool is_alone = controllers.empty();
    return !is_alone || memory_bytes_ == 0 || write_to(hierarchy, "memory.max", memory.text());
  }
  if (controllers.contains("memory") && memory_bytes_ != 0)
    return write_to(hierarchy, "memory.limit_in_bytes", memory.text());
  // A process cannot join a v1 cpuset that has no processors and no memory, and a new one has none (cpuset(7)).
  if (controllers.contains("cpuset")) return copy_down(hierarchy, "cpuset.cpus") && copy_down(hierarchy, "cpuset.mems");
  return !controllers.contains("devices") || write_device_rules(hierarchy);
}

int Cgroups::open_own(const Hierarchy& hierarchy, const char* file, int flags) const {
  const Text path("%s/%s", own(), file);
  const int opened = openat(hierarchy.root, path.text(), flags | O_CLOEXEC);
  done(opened, "openat", path.text());
  return opened;
}

bool Cgroups::copy_down(const Hierarchy& hierarchy, const char* file) const {
  const int from = openat(hierarchy.root, file, O_RDONLY | O_CLOEXEC);
  if (!done(from, "openat", file)) return false;
  std::array<char, 4096> value;
  const ssize_t length = read(from, value.data(), value.size());
  close(from);
  if (!done(length, "read", file)) return false;
  return write_to(hierarchy, file, {value.data(), static_cast<std::size_t>(length)});
}

bool Cgroups::write_to(const Hierarchy& hierarchy, const char* file, std::string_view value) const {
  const int to = open_own(hierarchy, file, O_WRONLY);
  if (to < 0) return false;
  const bool is_written = done(write(to, value.data(), value.size()), "write", file);
  close(to);
  return is_written;
}

// Nothing is allowed but what every runtime allows: to make any device, to use the few harmless ones and terminals.
bool Cgroups::write_device_rules(const Hierarchy& hierarchy) const {
  constexpr const char* kAllowed[] = {"b *:* m",   "c *:* m",   "c 1:3 rwm", "c 1:5 rwm",    "c 1:7 rwm",  "c 1:8 rwm",
                                      "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 10:200 rwm", "c 136:* rwm"};
  bool is_written = write_to(hierarchy, "devices.deny", "a *:* rwm");
  const int allow = open_own(hierarchy, "devices.allow", O_WRONLY);
  if (!is_written || allow < 0) return false;
  for (const char* rule : kAllowed) is_written = is_written && done(write(allow, rule, strlen(rule)), "write", rule);
  close(allow);
  return is_written;
}

bool Cgroups::remove() {
  bool all_gone = true;
  while (count_ > 0) {
    const Hierarchy& last = hierarchies_[--count_];
    int result = unlinkat(last.root, own(), AT_REMOVEDIR);
    for (int tries = 0; result < 0 && errno == EBUSY && tries < 5000; ++tries) {
      const timespec millisecond{.tv_sec = 0, .tv_nsec = 1'000'000};
      nanosleep(&millisecond, nullptr);
      result = unlinkat(last.root, own(), AT_REMOVEDIR);
    }
    all_gone = done(result, "rmdir", last.name.data()) && all_gone;
  }
  return all_gone;
}

}  // namespace caisson::bench
