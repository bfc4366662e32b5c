// This process's own program, out of reach of what it starts.
#pragma once

#include "base/result.h"

namespace caisson::kernel {

/// Executes this program anew from a read-only view of its own file (a detached bind mount), so that a container whose
/// command is "#!/proc/self/exe", or that looks at /proc/PID/exe in time, finds nothing it could write to
/// (CVE-2019-5736). Returns if it runs from a read-only mount already. An ordinary user, who may make no mount, gets a
/// sealed copy in memory instead, if the file is one it could write to. `arguments`: argv as main() has it; its first
/// becomes `program`, the file's path, which cannot be asked of the kernel afterwards. Errors: those of open_tree(2),
/// mount_setattr(2), execveat(2).
Result<> run_from_read_only_view(char** arguments, const std::string& program);

}  // namespace caisson::kernel
