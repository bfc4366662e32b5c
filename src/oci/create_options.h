// The options that create and run share.
#pragma once

#include "oci/command.h"
#include "runtime/create.h"

namespace caisson::oci {

struct CreateInput {
  runtime::CreateOptions create;
  bool detach = false;
  bool keep = false;
  bool subreaper = true;
  bool timings = false;
};

/// The rows of create, and of run, which has more.
std::span<const Option<CreateInput>> create_table();
std::span<const Option<CreateInput>> run_table();

/// Who makes the container's cgroup, as the global options have it.
void choose_cgroups(const Command& command, runtime::CreateOptions& create);

}  // namespace caisson::oci
