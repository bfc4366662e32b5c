#include "engine/lifecycle.h"

#include <signal.h>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "engine/conclude.h"
#include "engine/events.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

// Its first process; nothing if there is none any more, or not yet.
Result<std::optional<Fd>> process_of(const Container& container) {
  if (!container.live) return std::optional<Fd>();
  Result<Fd> process = kernel::open_process(container.live->process);
  if (process) return std::optional(std::move(*process));
  if (process.error().number == ESRCH) return std::optional<Fd>();
  return fail(std::move(process).error());
}

// Whether the first process of a PID namespace would hear of the signal: without a handler it would not
// (pid_namespaces(7)).
bool ignores(pid_t pid, int signal) {
  const std::string text = kernel::read_file(fmt::format("/proc/{}/status", pid)).value_or("");
  std::uint64_t caught = 0;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("SigCgt:\t")) caught = std::strtoull(std::string(line.substr(8)).c_str(), nullptr, 16);
  }
  return !text.empty() && (caught >> (signal - 1) & 1U) == 0;
}

// Its keeper cleans up; one that is gone leaves that to us.
Result<> await_end(const Places& places, const Container& container, const Log& log) {
  if (!wait_for_end(places, container)) sweep(places, log);
  return {};
}

}  // namespace

Result<> kill_container(const Places& places, const Container& container, int signal) {
  const std::optional<Fd> process = TRY(process_of(container));
  if (!process)
    return fail(complaint(fmt::format("container {} is not running", container.record.name),
                          "caisson ps -a shows how it ended"));
  TRY(note_ender(places, container.record.id, explain::Ender::kKill));
  TRY(kernel::send_signal(process->get(), signal));
  note_event(places, container.record, "kill", {{"signal", std::to_string(signal)}});
  return {};
}

Result<> stop_container(const Places& places, const Container& container, std::optional<int> signal,
                        std::optional<std::int32_t> timeout_s, const Log& log) {
  if (!container.live) return {};
  const std::optional<Fd> process = TRY(process_of(container));
  if (!process) return await_end(places, container, log);
  const int sent = signal.value_or(container.record.stop_signal);
  const std::int32_t timeout = timeout_s.value_or(container.record.stop_timeout_s);
  (void)note_ender(places, container.record.id, explain::Ender::kStop);
  if (sent != SIGKILL && ignores(container.live->process.pid, sent)) {
    log.warning(fmt::format(
        "the first process of {} has no handler for {}, so it will be killed after {} s (--init helps, or -t 0)",
        container.record.name, signal_name(sent), timeout));
  }
  if (const Result<> asked = kernel::send_signal(process->get(), sent); !asked && asked.error().number != ESRCH)
    return asked;
  if (!kernel::wait_until_gone(process->get(), timeout < 0 ? -1 : timeout * 1000)) {
    if (const Result<> killed = kernel::send_signal(process->get(), SIGKILL); !killed && killed.error().number != ESRCH)
      return killed;
  }
  TRY(await_end(places, container, log));
  note_event(places, container.record, "stop");
  return {};
}

Result<> remove(const Places& places, const Container& container, Force force, const Log& log) {
  if (container.live) {
    if (force == Force::kNo) {
      return fail(complaint(fmt::format("container {} is {}", container.record.name, status_word(container)),
                            fmt::format("caisson stop {}, or rm -f", container.record.name)));
    }
    if (const std::optional<Fd> process = TRY(process_of(container))) {
      const Result<> killed = kernel::send_signal(process->get(), SIGKILL);
      if (!killed && killed.error().number != ESRCH) return killed;
    }
    TRY(await_end(places, container, log));
  }
  const std::optional<Fd> lock = TRY(lock_container(places, container.record.id));
  if (!lock) return fail(complaint(fmt::format("another command is removing container {}", container.record.name)));
  return remove_container(places, container.record);
}

}  // namespace caisson::engine
