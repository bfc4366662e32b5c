// Device rules for a v1 cgroup that has some already. Pure; tables in test/unit/cgroup_devices_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cgroup/conversion.h"
#include "spec/config.h"

namespace caisson::cgroup {

/// The rules of a container's configuration as every OCI runtime takes them: nothing is allowed but what they say, what
/// every container may use, and /dev/net/tun (10:200), on which virtual private networks in containers have come to
/// rely (runc 1.2.4 put it back).
std::vector<spec::DeviceRule> runtime_device_rules(const std::vector<spec::DeviceRule>& rules);

/// The fewest lines that lead a v1 cgroup whose devices.list is `list` to what `rules` mean, each the file and the
/// line: {"devices.allow", "c 10:229 rw"}. A cgroup that has others below it refuses "a", and processes in one that is
/// in use would see everything denied for a moment: the switch is written only where the default changes.
///
/// Error: a rule that takes away a part of what another allows with a "*": v1 cannot say that.
struct DeviceLine {
  const char* file;
  std::string line;
  bool operator==(const DeviceLine&) const = default;
};
Result<std::vector<DeviceLine>> device_transition(std::string_view list, const std::vector<spec::DeviceRule>& rules);

/// `layout` with its device rules for v1 as device_transition() has them, for a cgroup that is there already.
Result<> use_device_transition(Layout& layout, std::string_view list, const std::vector<spec::DeviceRule>& rules,
                               const HostFacts& facts);

}  // namespace caisson::cgroup
