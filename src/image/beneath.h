// Opening files below a directory whose content is not trusted, with openat2(2) (Linux 5.6).
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::image {

/// What a symbolic link on the way means.
enum class Links {
  kRefused,  ///< ELOOP: no component, the last one included, may be a link
  kInRoot,   ///< followed as if the directory were the root of the file system, so that neither "/x" nor ".." leaves it
};

/// Opens `path`, taken as relative to the directory `root`, without ever leaving it. `flags` are open(2)'s without
/// O_CREAT; O_CLOEXEC is added. An empty path is the directory itself. Gives the descriptor, or -1 with errno.
int try_open_beneath(int root, const std::string& path, int flags, Links links);

/// The same with an error that names the call and the path.
Result<Fd> open_beneath(int root, const std::string& path, int flags, Links links);

}  // namespace caisson::image
