// Cgroups, their controllers and their devices.
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>

#include "execute/act.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using kernel::retry;
using plan::Call;

namespace {

// Copies a file of a cpuset from the cgroup above, unless it has something. That may have nothing either, where others
// made it: it is filled first, from as far up as need be. The hierarchy's root has everything.
bool fill_cpuset_file(int directory, const char* name) noexcept {
  constexpr std::size_t kLongest = 4096;
  Held to(::openat(directory, name, O_RDWR | O_CLOEXEC));
  if (!to) return errno == ENOENT;
  char value[kLongest];
  const ssize_t own = retry([&] { return ::read(to.get(), value, 2); });
  if (own != 1) return own > 1;  // an empty one is a newline
  Held parent(::openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || !fill_cpuset_file(parent.get(), name)) return false;
  Held from(::openat(parent.get(), name, O_RDONLY | O_CLOEXEC));
  if (!from) return false;
  const ssize_t length = retry([&] { return ::read(from.get(), value, sizeof value); });
  return length > 0 && retry([&] { return ::write(to.get(), value, static_cast<std::size_t>(length)); }) == length;
}

// A fresh cpuset admits nobody until it has cpus and mems (cgroup-v1/cpusets.rst). The files' names have no prefix
// where the hierarchy was mounted so (noprefix).
bool fill_cpuset(int directory) noexcept {
  for (const char* name : {"cpuset.cpus", "cpuset.mems", "cpus", "mems"}) {
    if (!fill_cpuset_file(directory, name)) return false;
  }
  return true;
}

// Makes every missing directory of an absolute path. False and errno.
bool make_directories(const char* path) noexcept {
  char prefix[PATH_MAX];
  const std::size_t length = std::strlen(path);
  if (length >= sizeof prefix) {
    errno = ENAMETOOLONG;
    return false;
  }
  if (::mkdir(path, 0755) == 0 || errno == EEXIST) return true;
  if (errno != ENOENT) return false;
  std::memcpy(prefix, path, length + 1);
  char* slash = std::strrchr(prefix, '/');
  if (slash == nullptr || slash == prefix) return false;
  *slash = '\0';
  return make_directories(prefix) && (::mkdir(path, 0755) == 0 || errno == EEXIST);
}

bool make_cgroup_directory(const char* path) noexcept {
  if (!make_directories(path)) return false;
  if (std::strstr(path, "/cpuset") == nullptr && std::strstr(path, "cpuset/") == nullptr) return true;
  Held directory(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && fill_cpuset(directory.get());
}

// Writes to a file of the cgroup whose directory is open.
bool write_cgroup_file(int directory, const char* file, const char* value) noexcept {
  Held opened(::openat(directory, file, O_WRONLY | O_CLOEXEC));
  return opened && retry([&] { return ::write(opened.get(), value, std::strlen(value)); }) >= 0;
}

// Moves the processes that are in `from` now to `to`. One that ends meanwhile is gone from it as well.
bool move_processes(int from, int to) noexcept {
  Held list(::openat(from, "cgroup.procs", O_RDONLY | O_CLOEXEC));
  if (!list) return false;
  char pids[8192];
  std::size_t held = 0;  // of a number that the last read cut in two
  for (;;) {
    const ssize_t length = retry([&] { return ::read(list.get(), pids + held, sizeof pids - 1 - held); });
    if (length < 0) return false;
    if (length == 0) return true;
    char* line = pids;
    char* const end = pids + held + length;
    *end = '\0';
    while (char* newline = static_cast<char*>(std::memchr(line, '\n', static_cast<std::size_t>(end - line)))) {
      *newline = '\0';
      if (!write_cgroup_file(to, "cgroup.procs", line) && errno != ESRCH) return false;
      line = newline + 1;
    }
    held = static_cast<std::size_t>(end - line);
    std::memmove(pids, line, held);
  }
}

}  // namespace

Outcome act(const plan::MakeCgroup& step, Context& context) noexcept {
  std::size_t index = 0;
  for (const plan::Text text : context.plan->texts(step.directories)) {
    const char* directory = context.c_str(text);
    if (!make_cgroup_directory(directory)) return failed(Call::kMkdir, index);
    if (step.first == plan::kNoSlot) {
      ++index;
      continue;
    }
    Held opened(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return failed(Call::kOpen, index);
    int kept = step.unified ? ::fcntl(opened.get(), F_DUPFD_CLOEXEC, 3)
                            : ::openat(opened.get(), "tasks", O_WRONLY | O_CLOEXEC);
    // The unified hierarchy beside v1's (hybrid) has no other.
    if (kept < 0 && errno == ENOENT) kept = ::openat(opened.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (kept < 0) return failed(Call::kOpen, index);
    context.put(static_cast<plan::Slot>(step.first + index), kept);
    ++index;
  }
  return done();
}

Outcome act(const plan::EnableControllers& step, Context& context) noexcept {
  constexpr int kTries = 10;  // what is forked while the others are moved stays behind
  Held directory(::open(context.c_str(step.directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return failed(Call::kOpen);
  const char* controllers = context.c_str(step.controllers);
  if (!step.leaf) {
    return write_cgroup_file(directory.get(), "cgroup.subtree_control", controllers) ? done() : failed(Call::kWrite);
  }
  const char* leaf = context.c_str(step.leaf);
  if (::mkdir(leaf, 0755) != 0 && errno != EEXIST) return failed(Call::kMkdir);
  Held below(::open(leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!below) return failed(Call::kOpen, 1);
  for (int tries = 0; tries < kTries; ++tries) {
    if (!move_processes(directory.get(), below.get())) return failed(Call::kWrite, 1);
    if (write_cgroup_file(directory.get(), "cgroup.subtree_control", controllers)) return done();
    if (errno != EBUSY) break;
  }
  return failed(Call::kWrite);
}

Outcome act(const plan::RestrictDevices& step, Context& context) noexcept {
  const std::span<const std::uint32_t> program = context.plan->numbers(step.program);
  union bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<std::uintptr_t>(program.data());
  load.insn_cnt = static_cast<std::uint32_t>(program.size() / 2);
  load.license = reinterpret_cast<std::uintptr_t>("Apache-2.0");
  Held loaded(kernel::bpf(BPF_PROG_LOAD, load));
  if (!loaded) return failed(Call::kBpf);
  union bpf_attr attach{};
  attach.target_fd = static_cast<std::uint32_t>(context.at(step.cgroup));
  attach.attach_bpf_fd = static_cast<std::uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  return kernel::bpf(BPF_PROG_ATTACH, attach) == 0 ? done() : failed(Call::kBpf, 1);
}

Outcome act(const plan::GiveCgroup& step, Context& context) noexcept {
  constexpr gid_t kSameGroup = static_cast<gid_t>(-1);
  const int cgroup = context.at(step.cgroup);
  if (::fchown(cgroup, step.owner, kSameGroup) != 0) return failed(Call::kChown);
  std::size_t index = 0;
  for (const plan::Text file : context.plan->texts(step.files)) {
    ++index;
    // The files of a controller that is not enabled are not there.
    if (::fchownat(cgroup, context.c_str(file), step.owner, kSameGroup, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
      return failed(Call::kChown, index);
  }
  return done();
}

Outcome act(const plan::AttachCgroup& step, Context& context) noexcept {
  std::size_t index = 0;
  for (const plan::Text path : context.plan->texts(step.tasks)) {
    Held tasks(::open(context.c_str(path), O_WRONLY | O_CLOEXEC));
    if (!tasks) return failed(Call::kOpen, index);
    if (retry([&] { return ::write(tasks.get(), "0", 1); }) < 0) return failed(Call::kWrite, index);
    ++index;
  }
  for (std::uint8_t i = 0; i < step.count; ++i) {
    const int tasks = context.at(static_cast<plan::Slot>(step.first + i));
    if (retry([&] { return ::write(tasks, "0", 1); }) < 0) return failed(Call::kWrite, i);
  }
  return done();
}

}  // namespace caisson::execute
