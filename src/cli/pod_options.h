// The options of `caisson pod create`, with podman's spelling: those of `run` that a pod has, and a pod's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/run_options.h"
#include "engine/run_options.h"

namespace caisson::cli {

struct PodCommandLine {
  engine::RunOptions options;  ///< of its infra container, and the limits of its cgroup; `replace` is the pod's
  std::string name;
  bool infra = true;
  std::string infra_name;
  std::string infra_image;
  std::vector<std::string> infra_command;
  std::optional<std::string> share;  ///< as typed
  std::string exit_policy = "continue";
  std::string id_file;
  std::vector<std::string> operands;
};

/// Reads what stands behind `caisson pod create`. Errors: those of parse_run() about the options that both have.
Result<PodCommandLine> parse_pod_create(const std::vector<std::string>& arguments, const Caller& caller);

std::vector<Spelling> pod_create_spellings();

}  // namespace caisson::cli
