#include <cstdio>

#include "oci/command.h"
#include "oci/state_json.h"

namespace caisson::oci {

int verb_state(const Command& command) {
  int status = 0;
  const auto operands = read_operands(command, {}, status);
  if (!operands) return status;
  const Result<runtime::Container> container = runtime::find_container(command.root, operands->front());
  if (!container) return refuse(command, container.error());
  std::puts(state_json(*container, "", JsonForm::kLines).c_str());  // the owner is told by list alone, as runc has it
  return 0;
}

}  // namespace caisson::oci
