// pause, resume.
#include "oci/command.h"
#include "runtime/pause.h"

namespace caisson::oci {

namespace {

int act_on_one(const Command& command, Result<> (*act)(const runtime::Container& container)) {
  int status = 0;
  const auto operands = read_operands(command, {}, status);
  if (!operands) return status;
  const Result<runtime::Container> container = runtime::find_container(command.root, operands->front());
  if (!container) return refuse(command, container.error());
  const Result<> done = act(*container);
  return done ? 0 : refuse(command, done.error());
}

}  // namespace

int verb_pause(const Command& command) { return act_on_one(command, runtime::pause); }

int verb_resume(const Command& command) { return act_on_one(command, runtime::resume); }

}  // namespace caisson::oci
