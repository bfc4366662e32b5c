// The filter of system calls, and its listener.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "execute/act.h"
#include "execute/channel.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using plan::Call;

Outcome act(const plan::LoadFilter& step, Context& context) noexcept {
  const std::span<const struct sock_filter> filter = context.plan->filter(step.instructions);
  const struct sock_fprog program{static_cast<unsigned short>(filter.size()),
                                  const_cast<struct sock_filter*>(filter.data())};
  const long loaded = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, step.flags, &program);
  if (loaded < 0) return failed(Call::kSeccomp);
  context.put(step.listener, static_cast<int>(loaded));
  return done();
}

Outcome act(const plan::SendListener& step, Context& context) noexcept {
  struct sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const char* path = context.c_str(step.path);
  if (std::strlen(path) >= sizeof address.sun_path) return failed_with(Call::kConnect, ENAMETOOLONG);
  std::strcpy(address.sun_path, path);
  Held socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return failed(Call::kSocket);
  if (kernel::retry([&] {
        return ::connect(socket.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof address);
      }) != 0)
    return failed(Call::kConnect);

  // The texts of the state, and the process's number between each two of them.
  constexpr std::size_t kMostPieces = 8;
  char number[16];
  const int digits = ::snprintf(number, sizeof number, "%d", context.at(step.pid));
  struct iovec pieces[kMostPieces];
  std::size_t count = 0;
  for (const plan::Text text : context.plan->texts(step.state)) {
    if (count + 2 > kMostPieces) return failed_with(Call::kSend, EMSGSIZE);
    if (count != 0) pieces[count++] = {number, static_cast<std::size_t>(digits)};
    pieces[count++] = {const_cast<char*>(context.c_str(text)), std::strlen(context.c_str(text))};
  }
  return send_with_descriptor(socket.get(), {pieces, count}, context.at(step.listener)) ? done() : failed(Call::kSend);
}

}  // namespace caisson::execute
