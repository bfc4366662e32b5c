// A container's state as hooks are told it (runtime.md, "State").
#pragma once

#include <map>
#include <string>

namespace caisson::spec {

struct State {
  std::string oci_version;
  std::string id;
  std::string status;  ///< "creating", "created", "running", "stopped"
  std::string bundle;
  std::map<std::string, std::string> annotations;
};

/// The JSON text in two pieces, between which the pid stands in decimal: it is known later than the rest. And the text
/// of a container that has no process any more.
struct StateText {
  std::string before_pid;
  std::string after_pid;
  std::string without_pid;
};
StateText write_state(const State& state);

}  // namespace caisson::spec
