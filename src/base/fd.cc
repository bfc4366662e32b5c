#include "base/fd.h"

#include <unistd.h>

namespace caisson {

// Not retried on EINTR: Linux has released the descriptor by then (close(2), NOTES).
Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace caisson
