#include "oci/create_options.h"

namespace caisson::oci {

int verb_create(const Command& command) {
  CreateInput input;
  int status = 0;
  const auto operands = read_options(command, create_table(), input, Order::kAnywhere, {}, status);
  if (!operands) return status;
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  input.create.id = operands->front();
  input.create.begin = runtime::Begin::kWhenStarted;
  input.create.choices.notifies = runtime::notify_socket().has_value();
  choose_cgroups(command, input.create);
  if (command.strict) input.create.strictness = spec::Strictness::kStrict;
  const auto created = runtime::create(command.root, input.create, command.report.log());
  return created ? 0 : refuse(command, created.error());
}

}  // namespace caisson::oci
