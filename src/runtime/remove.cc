#include "runtime/remove.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "cgroup/freezer.h"
#include "cgroup/removal.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "runtime/bundle.h"
#include "runtime/hooks.h"
#include "runtime/systemd.h"

namespace caisson::runtime {

namespace {

constexpr int kPatience_ms = 10'000;

// Its init takes all of its pid namespace along; without one of its own, the cgroup says who is left.
Result<> end_process(const Record& record) {
  const kernel::ProcessId& process = record.process;
  if (process.pid == 0) return {};
  const Result<Fd> pidfd = kernel::open_process(process);
  if (!pidfd) return pidfd.error().number == ESRCH ? Result<>() : fail(pidfd.error());
  if (const Result<> sent = kernel::send_signal(pidfd->get(), SIGKILL); !sent && sent.error().number != ESRCH)
    return fail(sent.error());
  // In a frozen v1 cgroup nobody dies (cgroup-v1/freezer-subsystem.rst).
  if (cgroup::is_frozen(record.cgroup_directories)) TRY(cgroup::thaw(record.cgroup_directories));
  if (!kernel::wait_until_gone(pidfd->get(), kPatience_ms))
    return fail(
        complaint(fmt::format("process {} is still there {} s after SIGKILL", process.pid, kPatience_ms / 1000)));
  return {};
}

// rmdir(2) of such a group takes its files along, and lets its processes go to the group above.
Result<> remove_resctrl(const Record& record) {
  for (const std::string& directory : record.resctrl_directories) {
    if (::rmdir(directory.c_str()) != 0 && errno != ENOENT) return fail(os_error("rmdir", directory));
  }
  return {};
}

void run_poststop(const StateRoot& root, const Record& record, const Log& log) {
  const Result<Bundle> bundle = reread_bundle(record.bundle, root.config(record.id));
  if (!bundle) return log.warning(bundle.error().text());
  plan::Request request;
  request.state = {.id = record.id, .bundle = record.bundle, .annotations = record.annotations};
  for (const std::string& warning : run_poststop_hooks(bundle->config, host::probe(), request)) log.warning(warning);
}

// A unit is stopped when nobody is left in it: nobody has to be waited for then.
Result<> remove_cgroup(const Record& record) {
  if (!record.systemd_unit.empty()) {
    TRY(cgroup::kill_all(record.cgroup_directories));
    TRY(stop_unit(record));
  }
  return cgroup::kill_and_remove(record.cgroup_directories);
}

}  // namespace

Result<> remove_all(const StateRoot& root, const Record& record) {
  TRY(end_process(record));
  TRY(remove_cgroup(record));
  TRY(remove_resctrl(record));
  return kernel::remove_tree(root.directory(record.id));
}

Result<> remove(const StateRoot& root, const Container& container, Force force, const Log& log) {
  const Record& record = container.record;
  const bool may = container.status == Status::kStopped || container.status == Status::kCreated;
  if (!may && force == Force::kNo) {
    return fail(complaint(
        fmt::format("cannot delete container {} that is not stopped: {}", record.id, status_word(container.status))));
  }
  log.debug(fmt::format("{}: ends process {} and removes cgroups: {}", record.id, record.process.pid,
                        fmt::join(record.cgroup_directories, ", ")));
  TRY(end_process(record));
  TRY(remove_cgroup(record));
  TRY(remove_resctrl(record));
  // What the hooks are told is read before it goes; they run when it is gone (runtime.md, "Lifecycle").
  if (record.has_poststop && record.process.pid != 0) run_poststop(root, record, log);
  return kernel::remove_tree(root.directory(record.id));
}

}  // namespace caisson::runtime
