#include "cli/names.h"

#include <cstdio>

namespace caisson::cli {

int for_each_container(const Command& command, const std::vector<std::string>& names,
                       const std::function<Result<>(const engine::Container&)>& work) {
  int status = 0;
  for (const std::string& name : names) {
    const Result<engine::Container> container = engine::find_container(command.places, name);
    const Result<> done = container ? work(*container) : fail(container.error());
    if (done) {
      std::printf("%s\n", name.c_str());
    } else {
      refuse(command, done.error());
      status = 1;
    }
  }
  return status;
}

Result<> require_names(const std::vector<std::string>& names) {
  if (names.empty()) return fail(complaint("which container? A name or the beginning of an id is needed"));
  return {};
}

}  // namespace caisson::cli
