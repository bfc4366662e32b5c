// This process's own program, out of reach of what it starts.
#pragma once

#include "base/result.h"

namespace caisson::kernel {

/// Has /proc/PID/exe of this process lead to a read-only view of the program's file (a detached bind mount), so that a
/// container whose command is "#!/proc/self/exe", or that opens /proc/PID/exe in time, finds nothing it could write to
/// (CVE-2019-5736). A static program's pages are mapped anew from the view and PR_SET_MM(2const) says so to the kernel,
/// in a tenth of a millisecond; another program, or where the kernel refuses (CONFIG_CHECKPOINT_RESTORE), is executed
/// anew from the view. Who may make no mount gets a sealed copy in memory, if the file is one it could write to. Does
/// nothing if the program is on a read-only mount already.
///
/// To be called by a single thread, before it has children. `arguments`: argv as main() has it; if the program is
/// executed anew its first becomes `program`, the file's path, which cannot be asked of the kernel afterwards. Errors:
/// those of statvfs(2), open_tree(2), mount_setattr(2), open(2), memfd_create(2), sendfile(2), execveat(2).
Result<> protect_own_executable(char** arguments, const std::string& program);

}  // namespace caisson::kernel
