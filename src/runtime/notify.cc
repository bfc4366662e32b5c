#include "runtime/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "execute/channel.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::runtime {

namespace {

constexpr std::string_view kDirectory = "/run/notify";  // inside
constexpr std::string_view kName = "notify.sock";
constexpr int kBarrier_ms = 30'000;

// sd_notify(3): a path, or an abstract name behind '@'.
struct Address {
  sockaddr_un address{};
  socklen_t size = 0;
};
Result<Address> address_of(std::string_view name) {
  Address made;
  made.address.sun_family = AF_UNIX;
  if (name.size() >= sizeof made.address.sun_path)
    return fail(complaint(fmt::format("'{}' is too long for a socket's name", name)));
  std::memcpy(made.address.sun_path, name.data(), name.size());
  if (name.starts_with('@')) made.address.sun_path[0] = '\0';
  made.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name.starts_with('@') ? 0 : 1));
  return made;
}

Result<> send(const std::string& to, std::string_view words, const Fd& descriptor) {
  const Address address = TRY(address_of(to));
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail(os_error("socket", "AF_UNIX"));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) != 0)
    return fail(os_error("connect", to));
  struct iovec text{const_cast<char*>(words.data()), words.size()};
  if (!execute::send_with_descriptor(socket.get(), {&text, 1}, descriptor.get())) return fail(os_error("sendmsg", to));
  return {};
}

// sd_notify_barrier(3): the manager closes the other end once it has read everything that came before.
Result<> await_barrier(const std::string& to) {
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  TRY(send(to, "BARRIER=1", pipe.write));
  pipe.write = Fd();
  struct pollfd closed{pipe.read.get(), 0, 0};
  (void)kernel::retry([&] { return ::poll(&closed, 1, kBarrier_ms); });
  return {};
}

}  // namespace

std::optional<std::string> notify_socket() {
  const char* socket = ::getenv("NOTIFY_SOCKET");
  if (socket == nullptr || (*socket != '/' && *socket != '@')) return std::nullopt;
  return std::string(socket);
}

Result<> say_ready(const std::string& socket, pid_t pid) {
  TRY(send(socket, "READY=1\n", Fd()));
  TRY(send(socket, fmt::format("MAINPID={}", pid), Fd()));
  return await_barrier(socket);
}

void do_beside(std::vector<int> descriptors, const std::function<void()>& work) {
  if (::fork() != 0) return;
  std::ranges::sort(descriptors);
  unsigned first = 3;
  for (const int descriptor : descriptors) {
    const auto kept = static_cast<unsigned>(descriptor);
    if (kept > first) ::close_range(first, kept - 1, 0);
    first = kept + 1;
  }
  ::close_range(first, ~0U, 0);
  const sigset_t none{};
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  ::_exit(0);
}

void pass_notifications(spec::Config& config, const std::string& directory) {
  config.mounts.push_back({.destination = std::string(kDirectory),
                           .type = "bind",
                           .source = directory,
                           .options = {"bind", "nosuid", "noexec", "nodev", "ro"}});
  std::vector<std::string>& environment = config.process.env;
  std::erase_if(environment, [](const std::string& variable) { return variable.starts_with("NOTIFY_SOCKET="); });
  environment.push_back(fmt::format("NOTIFY_SOCKET={}/{}", kDirectory, kName));
}

Result<NotifyProxy> NotifyProxy::bind(const std::string& path, std::string host_socket) {
  TRY(kernel::make_directories(path, 0755));
  const Fd directory = TRY(kernel::open_file(path, O_PATH | O_DIRECTORY));
  const std::string name = fmt::format("/proc/self/fd/{}/{}", directory.get(), kName);
  ::unlink(name.c_str());
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const Address address = TRY(address_of(name));
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) != 0)
    return fail(os_error("bind", path + "/" + std::string(kName)));
  // Whoever the program runs as may write to it, whatever the umask is.
  if (::chmod(name.c_str(), 0777) != 0) return fail(os_error("chmod", path));
  return NotifyProxy(std::move(socket), std::move(host_socket));
}

Result<bool> NotifyProxy::take(pid_t pid) const {
  std::array<char, 4096> datagram;
  const ssize_t got = kernel::retry([&] { return ::recv(socket_.get(), datagram.data(), datagram.size(), 0); });
  if (got < 0) return errno == EAGAIN ? Result<bool>(false) : fail(os_error("recv", "NOTIFY_SOCKET"));
  // What else it says is its own opinion of itself: a MAINPID of the container's is no pid of the host's.
  const std::vector<std::string_view> lines = split({datagram.data(), static_cast<std::size_t>(got)}, '\n');
  if (std::find(lines.begin(), lines.end(), "READY=1") == lines.end()) return false;
  TRY(say_ready(host_socket_, pid));
  return true;
}

Result<> NotifyProxy::pass_on(pid_t pid, const Fd& pidfd) const {
  for (;;) {
    struct pollfd places[2] = {{socket_.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
    if (kernel::retry([&] { return ::poll(places, 2, -1); }) < 0) return fail(os_error("poll", ""));
    if (places[0].revents != 0 && TRY(take(pid))) return {};
    if (places[0].revents == 0 && places[1].revents != 0) return {};
  }
}

}  // namespace caisson::runtime
