#include "spec/read_seccomp.h"

namespace caisson::spec {

void read_seccomp_action(Fields& fields, std::string_view key, SeccompAction& action) {
  std::string word;
  fields.require(key, word);
  if (word.empty()) return;
  if (const std::optional<SeccompAction> found = find_action(word)) {
    action = *found;
  } else {
    fields.error(key, fmt::format("unknown action '{}'", word));
  }
}

void read_seccomp_argument(Fields& fields, SeccompArgument& argument) {
  fields.require("index", argument.index);
  fields.require("value", argument.value);
  fields.read("valueTwo", argument.value_two);
  std::string word;
  fields.require("op", word);
  if (word.empty()) return;
  if (const std::optional<SeccompOperator> found = find_operator(word)) {
    argument.op = *found;
  } else {
    fields.error("op", fmt::format("unknown operator '{}'", word));
  }
}

namespace {

void read_rule(Fields& fields, SeccompRule& rule) {
  fields.require("names", rule.names);
  read_seccomp_action(fields, "action", rule.action);
  fields.read("errnoRet", rule.errno_ret);
  fields.list("args", rule.args, read_seccomp_argument);
}

}  // namespace

void read_seccomp(Fields& fields, Seccomp& seccomp) {
  read_seccomp_action(fields, "defaultAction", seccomp.default_action);
  fields.read("defaultErrnoRet", seccomp.default_errno_ret);
  fields.read("architectures", seccomp.architectures);
  fields.read("flags", seccomp.flags);
  fields.read("listenerPath", seccomp.listener_path);
  fields.read("listenerMetadata", seccomp.listener_metadata);
  fields.list("syscalls", seccomp.syscalls, read_rule);
}

}  // namespace caisson::spec
