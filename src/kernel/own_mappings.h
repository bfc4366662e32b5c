// The memory that this process's own program is mapped to.
#pragma once

namespace caisson::kernel {

/// Maps this program anew from `file`, which must be its own file, opened for reading through another mount; that is
/// the executable of this process (/proc/PID/exe) and the file behind its mappings from then on. Content and addresses
/// stay; pages that were written to are copied, all others are the page cache's as before. False if that cannot be: the
/// program was not linked statically, or the kernel refuses (PR_SET_MM_MAP, PR_SET_MM(2const): CAP_SYS_ADMIN or
/// CAP_CHECKPOINT_RESTORE, CONFIG_CHECKPOINT_RESTORE); /proc/PID/exe is then what it was. A single thread may call it.
bool map_program_from(int file);

}  // namespace caisson::kernel
