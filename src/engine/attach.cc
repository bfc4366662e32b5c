#include "engine/attach.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "engine/events.h"
#include "kernel/files.h"
#include "terminal/attach_client.h"

namespace caisson::engine {

RunResult stay_attached(const Record& record, const Live& live, Fd connection, int last_words_at,
                        const Attendance& attendance, Redraw redraw, const Log& log) {
  const Result<Fd> process = kernel::open_process(live.process);
  const Result<terminal::Attached> attached =
      terminal::attach({.connection = std::move(connection),
                        .input = attendance.input ? 0 : -1,
                        .output = attendance.output ? 1 : -1,
                        .error = attendance.error ? 2 : -1,
                        .terminal = record.terminal,
                        .redraw = redraw == Redraw::kYes,
                        .end_input = true,
                        .detach_keys = attendance.detach_keys,
                        .signals_to = attendance.sig_proxy && process ? process->get() : -1});
  if (!attached) return refused(attached.error());
  if (attached->end == terminal::Attached::End::kDetached) return 0;
  const Result<Ending> ending = last_words(last_words_at);
  if (!ending) return refused(ending.error());
  if (!ending->reason.empty()) log.warning(fmt::format("{} {}", record.name, ending->reason));
  if (attached->end == terminal::Attached::End::kLost)
    return output_lost("the connection to the process that keeps the container broke", ending->exit_code, log);
  return with_output_written(ending->exit_code, attached->output_error, log);
}

RunResult attach(const Container& container, const Attendance& attendance, const Places& places, const Log& log) {
  const std::string& name = container.record.name;
  if (!container.live || container.live->process.pid == 0)
    return refused(
        complaint(fmt::format("container {} is not running", name), fmt::format("caisson start -a {}", name)));
  if (container.is_paused)
    return refused(complaint(fmt::format("container {} is paused", name), fmt::format("caisson unpause {}", name)));
  const Result<Fd> words = kernel::open_file(places.live(container.record.id) + "/lock", O_RDONLY);
  if (!words) return refused(words.error());
  Result<Fd> connection =
      terminal::connect(places.live(container.record.id) + "/" + kAttachSocket, terminal::Pace::kKeepsUp);
  if (!connection && connection.error().number == ENOENT) {
    return refused(complaint(fmt::format("container {} is kept by the command that started it in the foreground", name),
                             fmt::format("caisson logs -f {}", name)));
  }
  if (!connection) return refused(connection.error());
  note_event(places, container.record, "attach");
  return stay_attached(container.record, *container.live, std::move(*connection), words->get(), attendance,
                       container.record.terminal ? Redraw::kYes : Redraw::kNo, log);
}

}  // namespace caisson::engine
