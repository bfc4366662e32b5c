#include "oci/chosen.h"

#include <regex.h>

namespace caisson::oci {

namespace {

int act_on(const Command& command, const std::string& id,
           const std::function<Result<>(const runtime::Container&)>& act) {
  const Result<runtime::Container> container = runtime::find_container(command.root, id);
  if (!container) return refuse(command, container.error());
  const Result<> done = act(*container);
  return done ? 0 : refuse(command, done.error());
}

}  // namespace

int for_each_chosen(const Command& command, const std::string& id, bool is_expression,
                    const std::function<Result<>(const runtime::Container&)>& act) {
  if (!is_expression) return act_on(command, id, act);
  regex_t expression;
  if (::regcomp(&expression, id.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
    return refuse(command, complaint("'" + id + "' is not a regular expression"));
  const Result<std::vector<std::string>> ids = runtime::container_ids(command.root);
  int status = ids ? 0 : refuse(command, ids.error());
  for (const std::string& each : ids.value_or(std::vector<std::string>{})) {
    if (::regexec(&expression, each.c_str(), 0, nullptr, 0) != 0) continue;
    if (const int failed = act_on(command, each, act); failed != 0) status = failed;
  }
  ::regfree(&expression);
  return status;
}

}  // namespace caisson::oci
