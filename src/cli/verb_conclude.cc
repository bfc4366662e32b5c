// The end of a container that a monitor kept: executed by the monitor, never by people.
#include "base/text.h"
#include "cli/command.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "kernel/files.h"

namespace caisson::cli {

// conclude ID STATUS LOCK: the wait status as a number or "unknown", and the descriptor of the container's lock.
int verb_conclude(const Command& command) {
  if (command.arguments.size() != 3) return refuse(command, complaint("this command is caisson's own"));
  const std::string& id = command.arguments[0];
  const auto status = parse_signed(command.arguments[1]);
  const auto lock = parse_unsigned(command.arguments[2]);
  const Result<std::string> record_text = kernel::read_file(command.places.container(id) + "/" + engine::kRecordFile);
  const Result<std::string> live_text = kernel::read_file(command.places.live(id) + "/state.json");
  if (!lock || !record_text || !live_text) return refuse(command, complaint("this command is caisson's own"));
  const Result<engine::Record> record = engine::read_record(*record_text);
  const Result<engine::Live> live = engine::read_live(*live_text);
  if (!record) return refuse(command, record.error());
  const engine::Ending ending = engine::conclude(command.places, *record, live ? *live : engine::Live{},
                                                 status ? std::optional(static_cast<int>(*status)) : std::nullopt,
                                                 static_cast<int>(*lock), command.log);
  return ending.exit_code;
}

}  // namespace caisson::cli
