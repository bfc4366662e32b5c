// How rules and limits for devices are written (docker-run(1)). Pure; every reader takes the whole of its text or fails
// with one sentence.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// "TYPE MAJOR:MINOR ACCESS" of --device-cgroup-rule: "c 42:* rmw". TYPE is a (all), b or c.
Result<DeviceRuleChoice> read_device_rule(std::string_view text);

/// "DEVICE:SIZE" of --device-read-bps and --device-write-bps: bytes a second.
Result<DeviceLimit> read_device_bytes(std::string_view text);

/// "DEVICE:N" of --device-read-iops and --device-write-iops: operations a second.
Result<DeviceLimit> read_device_operations(std::string_view text);

/// "DEVICE:N" of --blkio-weight-device: from 10 to 1000.
Result<DeviceLimit> read_device_weight(std::string_view text);

}  // namespace caisson::engine
