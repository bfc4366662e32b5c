// The devices of the caller's network namespace, and what is done in another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "network/address.h"

namespace caisson::network {

/// The number of the device `name`; 0: there is none.
int device_index(const std::string& name);

/// The names of all devices here.
Result<std::vector<std::string>> device_names();

/// The devices that are ports of the bridge `name`; none where there is no such bridge.
Result<std::vector<std::string>> ports_of_bridge(const std::string& name);

/// The subnets that addresses and routes of this namespace are of, but for the default routes.
Result<std::vector<Subnet>> used_subnets();

/// The addresses of this host's devices, with the device of each.
struct DeviceAddress {
  std::string device;
  Address address;
  int prefix = 0;
};
Result<std::vector<DeviceAddress>> device_addresses();

/// A number that tells this namespace from others for as long as it is there.
std::uint64_t own_namespace();

/// In the network namespace of the open file for as long as this is there. A process that cannot come back ends.
class Visit {
 public:
  static Result<Visit> to(int network_namespace);
  Visit(Visit&& other) noexcept = default;
  Visit& operator=(Visit&&) = delete;
  ~Visit();

 private:
  explicit Visit(Fd own) : own_(std::move(own)) {}
  Fd own_;
};

/// Writes a parameter below /proc/sys/net of the namespace that the caller is in: "ipv4/ip_forward". Errors: those of
/// open(2) and write(2): EROFS where /proc/sys is read-only.
Result<> set_parameter(const std::string& name, std::string_view value);

}  // namespace caisson::network
