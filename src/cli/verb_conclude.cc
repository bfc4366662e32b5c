// The end of a container that a monitor kept: executed by the monitor, never by people.
#include "base/text.h"
#include "cli/command.h"
#include "engine/containers.h"
#include "engine/restart.h"
#include "kernel/files.h"

namespace caisson::cli {

// conclude ID STATUS LOCK [TOLD]: the wait status as a number or "unknown", the descriptor of the container's lock, and
// "told" where the monitor had a SIGTERM; a monitor that was there before an update does not say.
int verb_conclude(const Command& command) {
  if (command.arguments.size() < 3 || command.arguments.size() > 4)
    return refuse(command, complaint("this command is caisson's own"));
  const std::string& id = command.arguments[0];
  const auto status = parse_signed(command.arguments[1]);
  const auto lock = parse_unsigned(command.arguments[2]);
  const Result<std::string> record_text = kernel::read_file(command.places.container(id) + "/" + engine::kRecordFile);
  const Result<std::string> live_text = kernel::read_file(command.places.live(id) + "/" + engine::kStateFile);
  if (!lock || !record_text || !live_text) return refuse(command, complaint("this command is caisson's own"));
  const Result<engine::Record> record = engine::read_record(*record_text);
  const Result<engine::Live> live = engine::read_live(*live_text);
  if (!record) return refuse(command, record.error());
  if (record->restart.when != engine::RestartWhen::kNo) {
    if (const int refused = protect_own_executable(command); refused != 0) return refused;
  }
  if (command.arguments.size() == 4 && command.arguments[3] == "told" && !engine::is_asked_to_end(command.places, id))
    (void)engine::note_ender(command.places, id, explain::Ender::kKeeper);
  const engine::Ending ending = engine::conclude_or_restart(
      command.places, *record, live ? *live : engine::Live{},
      status ? std::optional(static_cast<int>(*status)) : std::nullopt, Fd(static_cast<int>(*lock)), command.log);
  return ending.exit_code;
}

}  // namespace caisson::cli
