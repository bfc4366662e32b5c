#include "keeper/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string_view>

#include <fmt/format.h>

#include "keeper/clients.h"

namespace caisson::keeper {

namespace {

// An address is short; through its directory's descriptor every path is. The descriptor must live as long as the use.
struct Address {
  Fd directory;
  sockaddr_un name{};
};

Result<Address> address_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string_view name = std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
  Address address{.directory = Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))};
  if (!address.directory) return fail(os_error("open", directory));
  const std::string through = fmt::format("/proc/self/fd/{}/{}", address.directory.get(), name);
  if (through.size() >= sizeof address.name.sun_path) {
    return fail(complaint(fmt::format("too long for the name of a socket: '{}'", name)));
  }
  address.name.sun_family = AF_UNIX;
  through.copy(address.name.sun_path, through.size());
  return address;
}

}  // namespace

Result<Fd> listen_for_clients(const std::string& path) {
  const Address address = TRY(address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(os_error("socket", "AF_UNIX"));
  // The mode of the file that bind makes (less the umask): this way there is no moment at which others could connect.
  if (::fchmod(socket.get(), 0600) != 0) return fail(os_error("fchmod", path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(os_error("unlink", path));
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.name), sizeof address.name) != 0) {
    return fail(os_error("bind", path));
  }
  if (::listen(socket.get(), Clients::kMost) == 0) return socket;
  const Error error = os_error("listen", path);
  ::unlink(path.c_str());
  return fail(error);
}

Result<Fd> connect_to_keeper(const std::string& path) {
  const Address address = TRY(address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return fail(os_error("socket", "AF_UNIX"));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.name), sizeof address.name) != 0) {
    return fail(os_error("connect", path));
  }
  return socket;
}

}  // namespace caisson::keeper
