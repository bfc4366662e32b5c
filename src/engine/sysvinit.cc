#include "engine/sysvinit.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include <fmt/format.h>

#include "base/fd.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::engine {

namespace {

constexpr const char* kRequests = "/run/initctl";

// struct init_request of initreq.h.
struct Request {
  int magic = 0x03091969;
  int command = 1;  // INIT_CMD_RUNLVL
  int runlevel = '0';
  int sleep_s = 3;  // what telinit(8) gives processes between SIGTERM and SIGKILL
  std::array<char, 368> data{};
};
static_assert(sizeof(Request) == 384);

}  // namespace

bool ask_sysvinit_to_halt(pid_t pid) {
  const Result<Fd> root = kernel::open_file(fmt::format("/proc/{}/root", pid), O_PATH | O_DIRECTORY);
  if (!root) return false;
  // What is there may be anything that the container put there: it is not opened before it is known to be a FIFO.
  const Fd requests(kernel::open_in_root(root->get(), kRequests, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS));
  struct stat status{};
  if (requests.get() < 0 || ::fstat(requests.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) return false;
  const std::string path = fmt::format("/proc/self/fd/{}", requests.get());
  const Result<Fd> fifo = kernel::open_file(path, O_WRONLY | O_NONBLOCK);
  if (!fifo) return false;  // nobody reads it
  // With a reader of our own there is no SIGPIPE, should theirs go away.
  const Result<Fd> reader = kernel::open_file(path, O_RDONLY | O_NONBLOCK);
  if (!reader) return false;
  const Request request;
  return kernel::write_all(fifo->get(), {reinterpret_cast<const char*>(&request), sizeof(request)}, kRequests)
      .has_value();
}

}  // namespace caisson::engine
