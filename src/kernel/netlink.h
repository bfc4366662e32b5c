// Network devices by rtnetlink(7), as far as moving one between network namespaces takes. Nothing allocates.
#pragma once

#include <cstdint>

namespace caisson::kernel {

/// A socket for requests about the network namespace that the caller is in now, wherever it goes later: a descriptor,
/// or -1 and errno.
int open_netlink() noexcept;

struct NetworkDevice {
  int index = 0;
  bool is_up = false;
};

/// What the device `name` is; false and errno (ENODEV).
bool find_device(int netlink, const char* name, NetworkDevice& device) noexcept;

/// Moves the device numbered `index` from the namespace of the socket `from` to that of `to`, whose file is open in
/// `to_namespace`, with its permanent global addresses (64 at most), renames it to `name` ("eth%d": the first that is
/// free) and sets it up, if `up`. Returns its number there, or -1 and errno: EEXIST where the name is taken. A device
/// that could not be renamed or set up is moved back, which needs `from_namespace`.
int move_device(int from, int from_namespace, int to, int to_namespace, int index, const char* name, bool up) noexcept;

}  // namespace caisson::kernel
