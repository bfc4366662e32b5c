#include "cgroup/oom_watch.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "cgroup/evidence.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::cgroup {

Result<OomWatch> OomWatch::start(const std::vector<std::string>& directories) {
  OomWatch watch;
  for (const std::string& directory : directories) {
    const bool v1 = kernel::exists(directory + "/memory.oom_control");
    if (!v1 && !kernel::exists(directory + "/memory.events")) continue;
    watch.directory_ = directory;
    watch.unified_ = !v1;
    TRY(v1 ? watch.start_v1() : watch.start_v2());
    return watch;
  }
  return fail(complaint("the container has no memory cgroup that could be out of memory",
                        "v1: mount the memory hierarchy; v2: enable the memory controller above it"));
}

Result<> OomWatch::start_v1() {
  control_ = TRY(kernel::open_file(directory_ + "/memory.oom_control", O_RDONLY));
  events_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!events_) return fail(os_error("eventfd", directory_));
  const std::string path = directory_ + "/cgroup.event_control";
  const Fd registration = TRY(kernel::open_file(path, O_WRONLY));
  return kernel::write_all(registration.get(), fmt::format("{} {}", events_.get(), control_.get()), path);
}

Result<> OomWatch::start_v2() {
  events_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!events_) return fail(os_error("inotify_init1", directory_));
  for (const char* file : {"/memory.events", "/cgroup.events"}) {
    const std::string path = directory_ + file;
    if (::inotify_add_watch(events_.get(), path.c_str(), IN_MODIFY) < 0)
      return fail(os_error("inotify_add_watch", path));
  }
  kills_ = kills();
  return {};
}

std::uint64_t OomWatch::kills() const {
  return value_of(kernel::read_file(directory_ + "/memory.events").value_or(""), "oom_kill").value_or(0);
}

OomWatch::News OomWatch::next() {
  std::array<char, 4096> buffer;
  const ssize_t length = kernel::retry([&] { return ::read(events_.get(), buffer.data(), buffer.size()); });
  if (length < 0 && errno == EAGAIN) return News::kNothing;
  if (!unified_) {
    // The eventfd is signalled, too, when the cgroup is removed.
    return kernel::exists(directory_ + "/cgroup.event_control") ? News::kOutOfMemory : News::kEnded;
  }
  const std::uint64_t now = kills();
  if (now > kills_) {
    kills_ = now;
    return News::kOutOfMemory;
  }
  const std::string events = kernel::read_file(directory_ + "/cgroup.events").value_or("");
  return value_of(events, "populated").value_or(0) == 0 ? News::kEnded : News::kNothing;
}

}  // namespace caisson::cgroup
