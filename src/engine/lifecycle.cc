#include "engine/lifecycle.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "cgroup/freezer.h"
#include "engine/conclude.h"
#include "engine/defaults.h"
#include "engine/events.h"
#include "engine/networking.h"
#include "engine/own_ids.h"
#include "engine/start.h"
#include "engine/sysvinit.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::chrono::seconds kRemovalPatience{10};

// Its first process; nothing if there is none any more, or not yet.
Result<std::optional<Fd>> process_of(const Container& container) {
  if (!container.live) return std::optional<Fd>();
  Result<Fd> process = kernel::open_process(container.live->process);
  if (process) return std::optional(std::move(*process));
  if (process.error().number == ESRCH) return std::optional<Fd>();
  return fail(std::move(process).error());
}

// Whether nobody has said by which signal it is stopped.
bool is_stopped_as_systemd(const Record& record) { return record.systemd && record.stop_signal == kSystemdHalt; }

struct Running {
  Fd process;
  pid_t pid = 0;
};

// What the first process of a PID namespace hears of signals (pid_namespaces(7)), a bit for each.
struct Hearing {
  std::uint64_t handled = 0;
  std::uint64_t blocked = 0;  ///< maybe to read them from a signalfd(2)
  bool is_known = false;

  [[nodiscard]] bool handles(int signal) const { return (handled >> (signal - 1) & 1U) != 0; }
  [[nodiscard]] bool blocks(int signal) const { return (blocked >> (signal - 1) & 1U) != 0; }
};

Hearing hearing_of(pid_t pid) {
  const std::string text = kernel::read_file(fmt::format("/proc/{}/status", pid)).value_or("");
  Hearing hearing{.is_known = !text.empty()};
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("SigCgt:\t"))
      hearing.handled = std::strtoull(std::string(line.substr(8)).c_str(), nullptr, 16);
    if (line.starts_with("SigBlk:\t"))
      hearing.blocked = std::strtoull(std::string(line.substr(8)).c_str(), nullptr, 16);
  }
  return hearing;
}

// In sigtimedwait(2) a signal that is waited for is not blocked.
bool waits_for_signals(pid_t pid) {
  const std::string call = kernel::read_file(fmt::format("/proc/{}/syscall", pid)).value_or("");
  return parse_unsigned(cut(call, ' ').head) == SYS_rt_sigtimedwait;
}

bool ignores(pid_t pid, int signal) {
  const Hearing hearing = hearing_of(pid);
  return hearing.is_known && !hearing.handles(signal) && !hearing.blocks(signal) && !waits_for_signals(pid);
}

// What shuts systemd down means nothing to other inits: power is failing, as lxc-stop(1) has it. systemd blocks both
// and reads them; openrc-init blocks whatever it has no handler for.
int signal_to_stop(const Record& record, pid_t pid) {
  if (!is_stopped_as_systemd(record)) return record.stop_signal;
  const Hearing hearing = hearing_of(pid);
  if (!hearing.is_known || hearing.handles(kSystemdHalt)) return kSystemdHalt;
  return hearing.handles(SIGPWR) || !hearing.blocks(kSystemdHalt) ? SIGPWR : kSystemdHalt;
}

// Its first process, once it has one: a container may be on its way to its first start, or wait for the next, which its
// keeper is told not to wait for. Nothing: it has ended, or never runs.
Result<std::optional<Running>> process_to_end(const Places& places, const Container& container) {
  std::optional<Container> now;
  for (const Container* seen = &container; seen->live; seen = &*now) {
    if (std::optional<Fd> process = TRY(process_of(*seen)))
      return std::optional(Running{std::move(*process), seen->live->process.pid});
    if (seen->live->process.pid != 0) return std::optional<Running>();  // it has just ended
    if (seen->live->next_start_ns != 0) {
      if (const Result<Fd> keeper = kernel::open_process(seen->live->keeper))
        (void)kernel::send_signal(keeper->get(), SIGTERM);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    Result<Container> again = find_container(places, container.record.id);
    if (!again) return std::optional<Running>();
    now = std::move(*again);
  }
  return std::optional<Running>();
}

// Whoever is gone already needs no signal. What stands still would not hear of it.
Result<> send(const Container& container, const Fd& process, int signal) {
  const Result<> sent = kernel::send_signal(process.get(), signal);
  if (!sent && sent.error().number != ESRCH) return sent;
  return container.is_paused ? cgroup::thaw(container.record.cgroup_directories) : Result<>();
}

Result<> stop(const Places& places, const Container& container, std::optional<int> signal,
              std::optional<std::int32_t> timeout_s, explain::Ender ender, const Log& log) {
  if (!container.live) return {};
  (void)note_ender(places, container.record.id, ender);
  const std::optional<Running> running = TRY(process_to_end(places, container));
  if (!running) return await_end(places, container, log);
  const int sent = signal.value_or(signal_to_stop(container.record, running->pid));
  const std::int32_t timeout = timeout_s.value_or(container.record.stop_timeout_s);
  const bool is_other_init = !signal && is_stopped_as_systemd(container.record) && sent != kSystemdHalt;
  const bool is_asked = is_other_init && timeout != 0 && ask_sysvinit_to_halt(running->pid);
  if (!is_asked && sent != SIGKILL && timeout != 0 && ignores(running->pid, sent)) {
    log.warning(fmt::format(
        "the first process of {} has no handler for {}, so it will be killed after {} s (--init helps, or -t 0)",
        container.record.name, signal_name(sent), timeout));
  }
  constexpr int kNothing = 0;  // but that a paused one goes on
  TRY(send(container, running->process, is_asked ? kNothing : sent));
  if (!kernel::wait_until_gone(running->process.get(), timeout < 0 ? -1 : timeout * 1000))
    TRY(send(container, running->process, SIGKILL));
  TRY(await_end(places, container, log));
  note_event(places, container.record, "stop");
  return {};
}

}  // namespace

// Its keeper cleans up; one that is gone leaves that to us.
Result<> await_end(const Places& places, const Container& container, const Log& log) {
  if (!wait_for_end(places, container)) sweep(places, log);
  return {};
}

Result<> kill_container(const Places& places, const Container& container, int signal) {
  if (container.live && container.live->next_start_ns != 0) {
    // It waits for its next start: that is what ends.
    TRY(note_ender(places, container.record.id, explain::Ender::kKill));
    TRY(process_to_end(places, container));
    return {};
  }
  const std::optional<Fd> process = TRY(process_of(container));
  if (!process)
    return fail(complaint(fmt::format("container {} is not running", container.record.name),
                          "caisson ps -a shows how it ended"));
  if (signal == SIGKILL || signal == container.record.stop_signal)
    TRY(note_ender(places, container.record.id, explain::Ender::kKill));
  TRY(signal == SIGKILL ? send(container, *process, signal) : kernel::send_signal(process->get(), signal));
  note_event(places, container.record, "kill", {{"signal", std::to_string(signal)}});
  return {};
}

Result<> stop_container(const Places& places, const Container& container, std::optional<int> signal,
                        std::optional<std::int32_t> timeout_s, const Log& log) {
  return stop(places, container, signal, timeout_s, explain::Ender::kStop, log);
}

Result<> stop_until_boot(const Places& places, const Container& container, std::optional<int> signal,
                         std::optional<std::int32_t> timeout_s, const Log& log) {
  return stop(places, container, signal, timeout_s, explain::Ender::kShutdown, log);
}

Result<> restart_container(const Places& places, const Container& container, std::optional<int> signal,
                           std::optional<std::int32_t> timeout_s, const Log& log) {
  TRY(stop(places, container, signal, timeout_s, explain::Ender::kRestart, log));
  runtime::Stopwatch watch;
  const RunResult started = start(container.record, {.detached = true}, places, log, watch);
  if (!started) return fail(complaint(started.error().line, started.error().hint));
  note_event(places, container.record, "restart");
  return {};
}

Result<> remove(const Places& places, const Container& container, Force force, const Log& log) {
  const PodMembership& pod = container.record.pod;
  if (pod.is_infra && kernel::exists(places.pod(pod.name))) {
    return fail(complaint(fmt::format("container {} is the infra container of pod {}, and goes with that",
                                      container.record.name, pod.name),
                          fmt::format("caisson pod rm {}", pod.name)));
  }
  return remove_member(places, container, force, log);
}

Result<> remove_member(const Places& places, const Container& container, Force force, const Log& log) {
  // Another command may hold it for a moment: one that starts it ends with it running, and it is killed then.
  const auto patience_until = std::chrono::steady_clock::now() + kRemovalPatience;
  std::optional<Container> now;
  for (const Container* seen = &container;; seen = &*now) {
    if (seen->live && force == Force::kNo) {
      return fail(complaint(fmt::format("container {} is {}", seen->record.name, status_word(*seen)),
                            fmt::format("caisson stop {}, or rm -f", seen->record.name)));
    }
    if (seen->live) {
      (void)note_ender(places, seen->record.id, explain::Ender::kKill);
      if (const std::optional<Running> running = TRY(process_to_end(places, *seen)))
        TRY(send(*seen, running->process, SIGKILL));
      TRY(await_end(places, *seen, log));
    }
    if (const std::optional<Fd> lock = TRY(lock_container(places, seen->record.id))) {
      // A keeper that was killed a moment ago has left it, and nobody has looked after that since.
      TRY(remove_container_cgroups(seen->record.cgroup_directories));
      return remove_container(places, seen->record);
    }
    if (force == Force::kNo || std::chrono::steady_clock::now() > patience_until)
      return fail(complaint(fmt::format("another command has container {} in its hands", seen->record.name)));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    Result<Container> again = find_container(places, container.record.id);
    if (!again && is_no_such_container(again.error())) return {};
    if (!again) return fail(std::move(again).error());
    now = std::move(*again);
  }
}

Result<> pause_container(const Places& places, const Container& container) {
  const std::string& name = container.record.name;
  if (!container.live || container.live->process.pid == 0)
    return fail(complaint(fmt::format("container {} is not running", name)));
  if (container.is_paused) return fail(complaint(fmt::format("container {} is paused already", name)));
  TRY(cgroup::freeze(container.record.cgroup_directories));
  note_event(places, container.record, "pause");
  return {};
}

Result<> unpause_container(const Places& places, const Container& container) {
  if (!container.is_paused) return fail(complaint(fmt::format("container {} is not paused", container.record.name)));
  TRY(cgroup::thaw(container.record.cgroup_directories));
  note_event(places, container.record, "unpause");
  return {};
}

Result<> rename_container(const Places& places, const Container& container, const std::string& name) {
  const std::string before = container.record.name;
  if (name == before) return fail(complaint(fmt::format("container {} has that name already", before)));
  TRY(reserve_name(places, name, container.record.id));
  Record renamed = container.record;
  renamed.name = name;
  const std::string path = places.container(renamed.id) + "/" + kRecordFile;
  const Result<> written = kernel::replace_file(path, to_json(renamed), 0600);
  ::unlink(places.name(written ? before : name).c_str());
  TRY(written);
  note_event(places, renamed, "rename", {{"oldName", before}});
  return rename_in_networks(places, renamed);
}

}  // namespace caisson::engine
