#include "runtime/hand_over.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include <fmt/format.h>

#include "execute/channel.h"
#include "kernel/files.h"

namespace caisson::runtime {

Result<Streams> own_streams() {
  Streams streams;
  streams.input = TRY(kernel::duplicate(0));
  streams.output = TRY(kernel::duplicate(1));
  streams.error = TRY(kernel::duplicate(2));
  return streams;
}

Result<Fd> connect_to(const std::string& path) {
  const Fd file = TRY(kernel::open_file(path, O_PATH));  // unix(7): a longer path would not fit into an address
  const std::string name = fmt::format("/proc/self/fd/{}", file.get());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return fail(os_error("socket", "AF_UNIX"));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(os_error("connect", path));
  return connection;
}

Result<> send_descriptor(const Fd& socket, std::string_view name, const Fd& descriptor) {
  struct iovec text{const_cast<char*>(name.data()), name.size()};
  if (!execute::send_with_descriptor(socket.get(), {&text, 1}, descriptor.get()))
    return fail(os_error("sendmsg", name));
  return {};
}

}  // namespace caisson::runtime
