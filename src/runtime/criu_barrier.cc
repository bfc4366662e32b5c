#include "runtime/criu_barrier.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::runtime {

namespace {

// criu's children have no descriptor of this process, but can open them: criu is root's.
std::string path_of(const Fd& fd) { return fmt::format("/proc/{}/fd/{}", ::getpid(), fd.get()); }

}  // namespace

Result<CriuBarrier> CriuBarrier::make() {
  kernel::Pipe pid = TRY(kernel::make_pipe());
  kernel::Pipe status = TRY(kernel::make_pipe());
  // Not a file, as nothing may be executed below /run on many a host.
  Fd script(::memfd_create("criu-script", MFD_CLOEXEC));
  if (!script) return fail(os_error("memfd_create", "criu-script"));
  const std::string text = fmt::format(
      "#!/bin/sh\n"
      "[ \"$CRTOOLS_SCRIPT_ACTION\" = setup-namespaces ] || exit 0\n"
      "echo \"$CRTOOLS_INIT_PID\" >{}\n"
      "read -r status <{}\n"
      "exit \"${{status:-1}}\"\n",
      path_of(pid.write), path_of(status.read));
  TRY(kernel::write_all(script.get(), text, "criu-script"));
  return CriuBarrier(std::move(pid), std::move(status), std::move(script));
}

std::string CriuBarrier::script() const { return path_of(script_); }

std::optional<pid_t> CriuBarrier::await(int criu) {
  std::array<pollfd, 2> ends = {pollfd{.fd = pid_.read.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = criu, .events = POLLIN, .revents = 0}};
  while (::poll(ends.data(), ends.size(), -1) < 0 && errno == EINTR) {
  }
  if ((ends[0].revents & POLLIN) == 0) return std::nullopt;
  std::array<char, 32> line{};
  const ssize_t length = ::read(pid_.read.get(), line.data(), line.size());
  if (length <= 0) return std::nullopt;
  const auto pid = parse_unsigned(cut({line.data(), static_cast<std::size_t>(length)}, '\n').head);
  return pid ? std::optional(static_cast<pid_t>(*pid)) : std::nullopt;
}

void CriuBarrier::open(Way way) {
  // A script that is gone reads nothing: why, criu says itself.
  (void)kernel::write_all(status_.write.get(), way == Way::kOn ? "0\n" : "1\n", "criu-script");
}

}  // namespace caisson::runtime
