#include <array>

#include "kernel/files.h"
#include "oci/chosen.h"
#include "oci/command.h"
#include "runtime/remove.h"

namespace caisson::oci {

namespace {

struct DeleteOptions {
  bool force = false;
  bool regex = false;
};

constexpr std::array kOptions = {
    Option<DeleteOptions>{{"force", 'f', {}, {}, "Also one that runs: it is killed; one that is not there is no error"},
                          set_flag<DeleteOptions, &DeleteOptions::force>},
    Option<DeleteOptions>{
        {"regex", 'r', {}, {}, "ID is an extended regular expression: all containers whose id it matches"},
        set_flag<DeleteOptions, &DeleteOptions::regex>},
};

}  // namespace

int verb_delete(const Command& command) {
  DeleteOptions options;
  int status = 0;
  const auto operands = read_options(command, kOptions, options, Order::kAnywhere, {}, status);
  if (!operands) return status;
  const std::string& id = operands->front();
  if (options.force && !options.regex && runtime::is_container_id(id) && !kernel::exists(command.root.directory(id)))
    return 0;
  return for_each_chosen(command, id, options.regex, [&](const runtime::Container& container) {
    const runtime::Force force = options.force ? runtime::Force::kYes : runtime::Force::kNo;
    return runtime::remove(command.root, container, force, command.report.log());
  });
}

}  // namespace caisson::oci
