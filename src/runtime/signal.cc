#include "runtime/signal.h"

#include <signal.h>

#include <fmt/format.h>

#include "cgroup/removal.h"
#include "cgroup/tree.h"
#include "kernel/files.h"

namespace caisson::runtime {

namespace {

constexpr int kDying_ms = 20;

bool shares_pid_namespace(pid_t pid) {
  return kernel::read_link(fmt::format("/proc/{}/ns/pid", pid)).value_or("-") ==
         kernel::read_link("/proc/self/ns/pid").value_or("");
}

Result<> signal_all(const Record& record, int signal) {
  if (signal == SIGKILL) return cgroup::kill_all(record.cgroup_directories);
  if (record.cgroup_directories.empty()) return fail(complaint("the container has no cgroup that says who is in it"));
  for (const pid_t pid : cgroup::processes_in(record.cgroup_directories.front())) {
    const auto process = kernel::identify(pid);
    const Result<Fd> pidfd = process ? kernel::open_process(*process) : fail(process.error());
    // One that has ended since, or is another's by now, is nobody's business.
    if (pidfd) (void)kernel::send_signal(pidfd->get(), signal);
  }
  return {};
}

}  // namespace

Result<> signal(const Container& container, int signal, Whom whom) {
  const Record& record = container.record;
  // Those that are left of one whose first process has ended can be reached where that is no pid namespace's.
  if (container.status == Status::kStopped && !record.cgroup_directories.empty()) {
    const bool ends_all = signal == SIGKILL && !cgroup::processes_in(record.cgroup_directories.front()).empty();
    if (whom == Whom::kAll || ends_all) return signal_all(record, signal);
  }
  const Result<Fd> pidfd = kernel::open_process(record.process);
  if (!pidfd && pidfd.error().number != ESRCH) return fail(pidfd.error());
  if (container.status == Status::kStopped || !pidfd) return fail(complaint("container not running"));
  const bool to_all = whom == Whom::kAll || (signal == SIGKILL && shares_pid_namespace(record.process.pid));
  if (to_all) TRY(signal_all(record, signal));
  const Result<> sent = kernel::send_signal(pidfd->get(), signal);
  // Where all were told, it has heard of it, and may be gone.
  if (!sent && sent.error().number == ESRCH && !to_all) return fail(complaint("container not running"));
  if (!sent && sent.error().number != ESRCH) return fail(sent.error());
  if (signal == SIGKILL) (void)kernel::wait_until_gone(pidfd->get(), kDying_ms);
  return {};
}

}  // namespace caisson::runtime
