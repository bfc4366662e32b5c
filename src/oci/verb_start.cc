#include <fmt/format.h>

#include "oci/command.h"
#include "runtime/start.h"

namespace caisson::oci {

int verb_start(const Command& command) {
  int status = 0;
  const auto operands = read_operands(command, {}, status);
  if (!operands) return status;
  const Result<runtime::Container> container = runtime::find_container(command.root, operands->front());
  if (!container) return refuse(command, container.error());
  command.report.log().debug(fmt::format("{}: {}, process {}", container->record.id,
                                         runtime::status_word(container->status), container->record.process.pid));
  const auto started = runtime::start(command.root, *container, command.report.log());
  return started ? 0 : refuse(command, started.error());
}

}  // namespace caisson::oci
