#include "cgroup/removal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/fd.h"
#include "cgroup/tree.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::cgroup {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{2};

int milliseconds_left(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<long long>(left, 0));
}

// Writes to a file that need not be there.
bool write_if_there(const std::string& path, std::string_view value) {
  const Result<Fd> file = kernel::open_file(path, O_WRONLY);
  return file && kernel::write_all(file->get(), value, path).has_value();
}

// Keeps the processes of v1 cgroups from running, and so from forking, while it lives. Killed ones die when it goes;
// those that were paused before go on as well, to their death.
class Frozen {
 public:
  explicit Frozen(const std::vector<std::string>& directories) {
    for (const std::string& directory : directories) {
      const std::string state = directory + "/freezer.state";
      if (write_if_there(state, "FROZEN")) states_.push_back(state);
    }
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  ~Frozen() {
    for (const std::string& state : states_) write_if_there(state, "THAWED");
  }

 private:
  std::vector<std::string> states_;
};

struct Victim {
  pid_t pid;
  Fd pidfd;
};

// Kills what is in `directory` now. Between listing a pid and opening it, the pid may have become another process's: it
// is listed once more. If the process behind the pidfd is not the one listed then, it is dead, and the signal goes
// nowhere.
void kill_listed(const std::string& directory, std::vector<Victim>& victims) {
  std::vector<Victim> opened;
  for (const pid_t pid : processes_in(directory)) {
    if (pid == ::getpid()) continue;
    Fd pidfd(kernel::pidfd_open(pid, 0));
    if (pidfd) opened.push_back({pid, std::move(pidfd)});
  }
  if (opened.empty()) return;
  const std::vector<pid_t> members = processes_in(directory);
  for (Victim& victim : opened) {
    if (!std::binary_search(members.begin(), members.end(), victim.pid)) continue;
    if (kernel::pidfd_send_signal(victim.pidfd.get(), SIGKILL) == 0) victims.push_back(std::move(victim));
  }
}

void wait_for(const std::vector<Victim>& victims, Clock::time_point deadline) {
  for (const Victim& victim : victims) {
    struct pollfd end{.fd = victim.pidfd.get(), .events = POLLIN, .revents = 0};
    kernel::retry([&] { return ::poll(&end, 1, milliseconds_left(deadline)); });
  }
}

// One round of killing; false if there was nobody to kill.
bool kill_round(const std::vector<std::string>& directories, Clock::time_point deadline) {
  std::vector<Victim> victims;
  {
    const Frozen frozen(directories);
    for (const std::string& directory : directories) {
      kill_listed(directory, victims);
      // v2 takes what was forked meanwhile, too. Not if this process is in there: it has to tell.
      const std::vector<pid_t> pids = processes_in(directory);
      if (!std::binary_search(pids.begin(), pids.end(), ::getpid())) write_if_there(directory + "/cgroup.kill", "1");
    }
  }
  wait_for(victims, deadline);
  return !victims.empty();
}

std::string name_of(pid_t pid) {
  std::string name = kernel::read_file(fmt::format("/proc/{}/comm", pid)).value_or("");
  while (name.ends_with('\n')) name.pop_back();
  return name;
}

// "left in it: process 71 (sleep), 2 more; 3 cgroups below it"
std::string remains(const std::string& directory) {
  const std::vector<pid_t> pids = processes_in(directory);
  const std::size_t below = std::max<std::size_t>(tree(directory).size(), 1) - 1;
  std::string text;
  if (!pids.empty()) text = fmt::format("process {} ({})", pids.front(), name_of(pids.front()));
  if (pids.size() > 1) text += fmt::format(", {} more", pids.size() - 1);
  if (below > 0) text += fmt::format("{}{} cgroups below it", text.empty() ? "" : "; ", below);
  return text.empty() ? "" : "left in it: " + text;
}

// rmdir(2), for which what is not there is removed: on a read-only file system that is the first thing it says. False
// and errno.
bool remove_directory(const std::string& directory) {
  if (::rmdir(directory.c_str()) == 0) return true;
  const int number = errno;
  const bool gone = number == ENOENT || (number == EROFS && !kernel::exists(directory));
  errno = number;
  return gone;
}

// The tree, children first. False if it is busy.
Result<bool> remove_tree(const std::string& directory) {
  for (const std::string& group : tree(directory)) {
    if (remove_directory(group)) continue;
    if (errno == EBUSY) return false;
    return fail(os_error("rmdir", group));
  }
  return true;
}

// Removes what can be; the busy ones stay in the list.
Result<> remove_idle(std::vector<std::string>& directories) {
  std::vector<std::string> busy;
  for (const std::string& directory : directories) {
    if (!TRY(remove_tree(directory))) busy.push_back(directory);
  }
  directories = std::move(busy);
  return {};
}

Result<> refuse_roots(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    // Last whether it is there: it may go meanwhile, a service manager removes what is empty.
    if (!is_inner_cgroup(directory) && kernel::exists(directory)) {
      return fail(complaint(fmt::format("{} is not a cgroup below the root of its hierarchy", directory)));
    }
  }
  return {};
}

}  // namespace

Result<> kill_all(const std::vector<std::string>& directories) {
  TRY(refuse_roots(directories));
  const Clock::time_point deadline = Clock::now() + kPatience;
  while (kill_round(directories, deadline)) {
    if (milliseconds_left(deadline) > 0) continue;
    for (const std::string& directory : directories) {
      if (const std::string left = remains(directory); left.starts_with("left in it: process")) {
        return fail(complaint(directory + ": not all processes end when killed", left));
      }
    }
  }
  return {};
}

Result<> remove_if_empty(const std::vector<std::string>& directories) {
  TRY(refuse_roots(directories));
  for (const std::string& directory : directories) {
    if (remove_directory(directory) || errno == EBUSY || errno == ENOTEMPTY) continue;
    return fail(os_error("rmdir", directory));
  }
  return {};
}

Result<> kill_and_remove(const std::vector<std::string>& directories) {
  std::vector<std::string> busy;
  for (const std::string& directory : directories) {  // nearly always this is all
    if (remove_directory(directory)) continue;
    if (errno != EBUSY) return fail(os_error("rmdir", directory));
    busy.push_back(directory);
  }
  if (busy.empty()) return {};
  TRY(refuse_roots(busy));

  const Clock::time_point deadline = Clock::now() + kPatience;
  for (int pause_ms = 0;; pause_ms = std::min(pause_ms * 2 + 1, 20)) {
    const bool killed = kill_round(busy, deadline);
    TRY(remove_idle(busy));
    if (busy.empty()) return {};
    if (milliseconds_left(deadline) == 0) {
      Error error{.call = "rmdir", .number = EBUSY, .operand = busy.front(), .item = {}, .hint = remains(busy.front())};
      return fail(std::move(error));
    }
    // A process leaves its cgroup a little after it is seen to have ended.
    if (!killed) ::poll(nullptr, 0, pause_ms);
  }
}

}  // namespace caisson::cgroup
