// Files that are gone once they are closed, for what is too large to be held in memory.
#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace caisson::image {

/// A new file without a name in the file system of the directory `where`, open for reading and writing. Where the file
/// system cannot make one (O_TMPFILE), it has a name of kSpoolPrefix (unfinished.h) for a moment.
Result<Fd> spool_file(int where);

}  // namespace caisson::image
