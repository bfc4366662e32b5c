// What `top` is asked to show: podman's descriptors, or options of ps(1). Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "inspect/process_columns.h"

namespace caisson::inspect {

struct Table {
  View view = View::kHost;
  std::vector<Column> columns;
};

/// "user pid,args" (podman's descriptors); "-ef", "aux", "-o pid,comm=NAME" (ps, as docker takes them; -e and -A choose
/// nothing more: all of the container's processes are shown). Nothing: as `ps -ef`. Errors: a column, or an option,
/// that is not there.
Result<Table> read_table(const std::vector<std::string>& words);

}  // namespace caisson::inspect
