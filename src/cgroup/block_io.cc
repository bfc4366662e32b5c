#include <array>

#include <fmt/format.h>

#include "cgroup/writes.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kBase = "linux.resources.blockIO.";

Result<> check_weight(std::uint16_t weight, const std::string& item) {
  if (weight >= 10 && weight <= 1000) return {};
  return fail(in(item, complaint(fmt::format("{} is not from 10 to 1000", weight))));
}

// Weights on v1 were CFQ's until Linux 5.0 and are BFQ's since.
Result<> convert_weight(std::uint16_t weight, std::string_view device, const std::string& item, Writes& writes) {
  TRY(check_weight(weight, item));
  const CgroupHierarchy* hierarchy = TRY(writes.need({"blkio", "io"}, item));
  if (hierarchy->unified) {
    // BFQ, where it is there to schedule the devices, has a weight of its own, of v1's scale.
    const std::string_view which = device.empty() ? "default " : device;
    writes.write(*hierarchy, "io.bfq.weight", fmt::format("{}{}", which, weight), item);
    writes.or_else("io.weight", fmt::format("{}{}", which, io_weight(weight)));
    return {};
  }
  const std::string file = writes.kernel_has(5, 0) ? "blkio.bfq.weight" : "blkio.weight";
  writes.write(*hierarchy, device.empty() ? file : file + "_device", fmt::format("{}{}", device, weight), item);
  return {};
}

Result<> convert_leaf_weight(std::uint16_t weight, std::string_view device, const std::string& item, Writes& writes) {
  TRY(check_weight(weight, item));
  const CgroupHierarchy* hierarchy = TRY(writes.need({"blkio", "io"}, item));
  if (hierarchy->unified || writes.kernel_has(5, 0)) {
    return fail(in(item, complaint("leaf weights went with the CFQ scheduler in Linux 5.0", "set the weight instead")));
  }
  writes.write(*hierarchy, device.empty() ? "blkio.leaf_weight" : "blkio.leaf_weight_device",
               fmt::format("{}{}", device, weight), item);
  return {};
}

struct Throttle {
  const char* key;
  std::vector<spec::ThrottleDevice> spec::BlockIo::* devices;
  const char* v1_file;
  const char* v2_word;
};
constexpr std::array kThrottles = {
    Throttle{"throttleReadBpsDevice", &spec::BlockIo::throttle_read_bps, "blkio.throttle.read_bps_device", "rbps"},
    Throttle{"throttleWriteBpsDevice", &spec::BlockIo::throttle_write_bps, "blkio.throttle.write_bps_device", "wbps"},
    Throttle{"throttleReadIOPSDevice", &spec::BlockIo::throttle_read_iops, "blkio.throttle.read_iops_device", "riops"},
    Throttle{"throttleWriteIOPSDevice", &spec::BlockIo::throttle_write_iops, "blkio.throttle.write_iops_device",
             "wiops"},
};

Result<> convert_throttle(const Throttle& throttle, const spec::ThrottleDevice& device, const std::string& item,
                          Writes& writes) {
  const CgroupHierarchy* hierarchy = TRY(writes.need({"blkio", "io"}, item));
  if (hierarchy->unified) {
    const std::string rate = device.rate == 0 ? "max" : fmt::format("{}", device.rate);  // v1 lifts a limit with 0
    writes.write(*hierarchy, "io.max", fmt::format("{}:{} {}={}", device.major, device.minor, throttle.v2_word, rate),
                 item);
  } else {
    writes.write(*hierarchy, throttle.v1_file, fmt::format("{}:{} {}", device.major, device.minor, device.rate), item);
  }
  return {};
}

}  // namespace

std::uint64_t io_weight(std::uint16_t weight) {
  if (weight == 0) return 0;
  return weight <= 10 ? 1 : 1 + (std::uint64_t{weight} - 10) * 9999 / 990;
}

Result<> convert_block_io(const spec::BlockIo& block_io, Writes& writes) {
  const std::string base(kBase);
  if (block_io.weight.value_or(0) != 0) TRY(convert_weight(*block_io.weight, "", base + "weight", writes));
  if (block_io.leaf_weight.value_or(0) != 0)
    TRY(convert_leaf_weight(*block_io.leaf_weight, "", base + "leafWeight", writes));
  for (std::size_t i = 0; i < block_io.weight_device.size(); ++i) {
    const spec::WeightDevice& device = block_io.weight_device[i];
    const std::string item = fmt::format("{}weightDevice[{}]", base, i);
    const std::string numbers = fmt::format("{}:{} ", device.major, device.minor);
    if (device.weight.value_or(0) != 0) TRY(convert_weight(*device.weight, numbers, item, writes));
    if (device.leaf_weight.value_or(0) != 0) TRY(convert_leaf_weight(*device.leaf_weight, numbers, item, writes));
  }
  for (const Throttle& throttle : kThrottles) {
    const std::vector<spec::ThrottleDevice>& devices = block_io.*throttle.devices;
    for (std::size_t i = 0; i < devices.size(); ++i) {
      TRY(convert_throttle(throttle, devices[i], fmt::format("{}{}[{}]", base, throttle.key, i), writes));
    }
  }
  return {};
}

}  // namespace caisson::cgroup
