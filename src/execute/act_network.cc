// Network devices of the host that become the container's.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "execute/act.h"
#include "kernel/netlink.h"

namespace caisson::execute {

using plan::Call;

namespace {

// A socket belongs to the namespace in which it is made: the caller goes there for that, and comes back.
int netlink_in(int network_namespace, int own) noexcept {
  if (::setns(network_namespace, CLONE_NEWNET) != 0) return -1;
  const int socket = kernel::open_netlink();
  const int error = errno;
  if (::setns(own, CLONE_NEWNET) != 0) ::abort();  // everything after it would happen in the container's network
  errno = error;
  return socket;
}

int open_network_namespace(pid_t pid) noexcept {
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  return ::open(path, O_RDONLY | O_CLOEXEC);
}

}  // namespace

Outcome act(const plan::MoveNetworkDevice& step, Context& context) noexcept {
  const Held own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  const int theirs = open_network_namespace(context.at(step.pid));
  if (theirs >= 0) context.put(step.network, theirs);
  if (!own || theirs < 0) return failed(Call::kOpen);
  const Held here(kernel::open_netlink());
  const Held there(netlink_in(theirs, own.get()));
  if (!here) return failed(Call::kSocket);
  if (!there) return failed(Call::kSetns);
  kernel::NetworkDevice device;
  if (!kernel::find_device(here.get(), context.c_str(step.name), device)) return failed(Call::kNetlink, 0);
  const int index =
      kernel::move_device(here.get(), own.get(), there.get(), theirs, device.index, context.c_str(step.new_name), true);
  if (index < 0) return failed(Call::kNetlink, 1);
  context.put(step.index, device.is_up ? index : -index);
  return done();
}

Outcome take_back(const plan::MoveNetworkDevice& step, Context& context) noexcept {
  const int moved = context.at(step.index);
  if (moved == -1) return done();  // the loopback device has the number 1: it is none of those that can be moved
  const Held own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own) return failed(Call::kOpen);
  const Held here(kernel::open_netlink());
  const Held there(netlink_in(context.at(step.network), own.get()));
  if (!here || !there) return failed(Call::kSocket);
  const int index = kernel::move_device(there.get(), context.at(step.network), here.get(), own.get(), std::abs(moved),
                                        context.c_str(step.name), moved > 0);
  return index < 0 ? failed(Call::kNetlink, 2) : done();
}

}  // namespace caisson::execute
