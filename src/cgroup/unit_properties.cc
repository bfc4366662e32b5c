#include "cgroup/unit_properties.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/conversion.h"
#include "cgroup/gvariant.h"

namespace caisson::cgroup {

namespace {

constexpr std::uint64_t kInfinity = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kDefaultPeriodUs = 100'000;
constexpr std::uint64_t kGrainUs = 10'000;  // systemd keeps whole percents of a processor
constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kMostProcessors = 8192;
constexpr std::string_view kAnnotation = "org.systemd.property.";

// The first version of systemd that knows a property.
constexpr unsigned kHasQuotaPeriod = 242;
constexpr unsigned kHasProcessors = 244;
constexpr unsigned kHasIdle = 252;
constexpr unsigned kHasZswap = 253;
constexpr unsigned kHasScopeOomPolicy = 253;

class Properties {
 public:
  explicit Properties(const HostFacts& facts) : facts_(facts) {}

  bool v2() const { return facts_.cgroup_mode == CgroupMode::kV2; }
  bool knows(unsigned version) const { return facts_.systemd && facts_.systemd->version >= version; }

  // The last one of a name is the one that counts.
  void set(std::string_view name, std::string_view signature, std::vector<std::string> words) {
    std::erase_if(list_, [&](const UnitProperty& p) { return p.name == name; });
    list_.push_back({std::string(name), std::string(signature), std::move(words)});
  }
  void number(std::string_view name, std::uint64_t value) { set(name, "t", {fmt::format("{}", value)}); }
  void text(std::string_view name, std::string_view value) { set(name, "s", {std::string(value)}); }
  void flag(std::string_view name, bool value) { set(name, "b", {value ? "true" : "false"}); }

  std::vector<UnitProperty> take() { return std::move(list_); }

 private:
  const HostFacts& facts_;
  std::vector<UnitProperty> list_;
};

// -1 is no limit; 0 is not set, as runc has it.
void bytes(std::string_view name, std::int64_t value, Properties& properties) {
  if (value != 0) properties.number(name, value < 0 ? kInfinity : static_cast<std::uint64_t>(value));
}

void convert_memory(const spec::Memory& memory, Properties& properties) {
  const std::int64_t limit = memory.limit.value_or(0);
  bytes(properties.v2() ? "MemoryMax" : "MemoryLimit", limit, properties);
  if (!properties.v2()) return;
  bytes("MemoryLow", memory.reservation.value_or(0), properties);
  const std::int64_t swap = memory.swap.value_or(0);
  if (swap < 0) {
    properties.number("MemorySwapMax", kInfinity);
  } else if (swap > 0 && limit > 0 && swap >= limit) {  // memory and swap together; anything else is refused elsewhere
    properties.number("MemorySwapMax", static_cast<std::uint64_t>(swap - limit));
  }
}

// Microseconds of each second; rounded up, so that what is below the cgroup may have the quota that was asked for.
std::uint64_t quota_of_a_second(std::int64_t quota, std::uint64_t period) {
  const double exact =
      static_cast<double>(quota) * kSecondUs / static_cast<double>(period == 0 ? kDefaultPeriodUs : period);
  return (static_cast<std::uint64_t>(exact) + kGrainUs - 1) / kGrainUs * kGrainUs;
}

void convert_quota(std::int64_t quota, std::uint64_t period, Properties& properties) {
  if (quota == 0 && period == 0) return;
  if (period != 0 && properties.knows(kHasQuotaPeriod)) properties.number("CPUQuotaPeriodUSec", period);
  if (quota <= 0) return properties.number("CPUQuotaPerSecUSec", kInfinity);
  properties.number("CPUQuotaPerSecUSec", quota_of_a_second(quota, period));
}

Result<std::vector<std::string>> bit_mask(std::string_view list, std::string_view item) {
  const auto refuse = [&] {
    return fail(in(item, complaint(fmt::format("not a list of numbers and ranges: '{}'", list), "as in \"0-3,8\"")));
  };
  std::vector<std::uint8_t> mask;
  for (const std::string_view range : split(list, ',')) {
    const Cut ends = cut(range, '-');
    const std::optional<std::uint64_t> first = parse_unsigned(ends.head);
    const std::optional<std::uint64_t> last = ends.tail ? parse_unsigned(*ends.tail) : first;
    if (!first || !last || *first > *last || *last >= kMostProcessors) return refuse();
    if (mask.size() <= *last / 8) mask.resize(*last / 8 + 1);
    for (std::uint64_t bit = *first; bit <= *last; ++bit)
      mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 1U << bit % 8);
  }
  std::vector<std::string> words = {fmt::format("{}", mask.size())};
  for (const std::uint8_t byte : mask) words.push_back(fmt::format("{}", byte));
  return words;
}

Result<> convert_set(std::string_view name, std::string_view list, std::string_view item, Properties& properties) {
  if (list.empty() || !properties.v2()) return {};
  std::vector<std::string> words = TRY(bit_mask(list, item));
  if (properties.knows(kHasProcessors)) properties.set(name, "ay", std::move(words));
  return {};
}

void idle(Properties& properties) {
  if (properties.knows(kHasIdle)) properties.number("CPUWeight", 0);
}

Result<> convert_cpu(const spec::Cpu& cpu, Properties& properties) {
  if (cpu.shares.value_or(0) != 0) {
    if (properties.v2()) {
      properties.number("CPUWeight", cpu_weight(*cpu.shares));
    } else {
      properties.number("CPUShares", std::clamp<std::uint64_t>(*cpu.shares, 2, 262'144));
    }
  }
  if (properties.v2() && cpu.idle.value_or(0) == 1) idle(properties);
  convert_quota(cpu.quota.value_or(0), cpu.period.value_or(0), properties);
  TRY(convert_set("AllowedCPUs", cpu.cpus, "linux.resources.cpu.cpus", properties));
  return convert_set("AllowedMemoryNodes", cpu.mems, "linux.resources.cpu.mems", properties);
}

void convert_block_io(const spec::BlockIo& block_io, Properties& properties) {
  const std::uint16_t weight = block_io.weight.value_or(0);
  if (weight == 0) return;
  if (properties.v2()) {
    properties.number("IOWeight", io_weight(weight));
  } else {
    properties.number("BlockIOWeight", weight);
  }
}

// --- linux.resources.unified -----------------------------------------------------------------------------------------

Result<std::uint64_t> number_or_max(std::string_view text, std::string_view item) {
  if (text == "max") return kInfinity;
  if (const std::optional<std::uint64_t> number = parse_unsigned(text)) return *number;
  return fail(in(item, complaint(fmt::format("neither a number nor max: '{}'", text))));
}

Result<> convert_cpu_max(std::string_view text, std::string_view item, Properties& properties) {
  const Cut parts = cut(text, ' ');
  const std::uint64_t quota = TRY(number_or_max(parts.head, item));
  const std::uint64_t period = parts.tail ? TRY(number_or_max(*parts.tail, item)) : 0;
  if (period == kInfinity ||
      (quota != kInfinity && quota > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
    return fail(in(item, complaint(fmt::format("not a quota and a period in microseconds: '{}'", text),
                                   "as in \"50000 100000\"")));
  }
  convert_quota(quota == kInfinity ? -1 : static_cast<std::int64_t>(quota), period, properties);
  return {};
}

struct UnifiedNumber {
  std::string_view file;
  std::string_view property;
  unsigned since = 0;
};
constexpr UnifiedNumber kUnifiedNumbers[] = {
    {"cpu.weight", "CPUWeight"},
    {"memory.min", "MemoryMin"},
    {"memory.low", "MemoryLow"},
    {"memory.high", "MemoryHigh"},
    {"memory.max", "MemoryMax"},
    {"memory.swap.max", "MemorySwapMax"},
    {"memory.zswap.max", "MemoryZSwapMax", kHasZswap},
    {"pids.max", "TasksMax"},
};

Result<> convert_unified(const std::string& file, const std::string& value, Properties& properties) {
  const std::string item = fmt::format("linux.resources.unified.{}", file);
  if (file == "cpu.max") return convert_cpu_max(value, item, properties);
  if (file == "cpu.idle") {
    if (value == "1") idle(properties);
    return {};
  }
  if (file == "cpuset.cpus") return convert_set("AllowedCPUs", value, item, properties);
  if (file == "cpuset.mems") return convert_set("AllowedMemoryNodes", value, item, properties);
  if (file == "io.weight") {  // "100", "default 100"; that of one device is the file's alone
    const std::string_view weight = value.starts_with("default ") ? std::string_view(value).substr(8) : value;
    if (const std::optional<std::uint64_t> number = parse_unsigned(weight)) properties.number("IOWeight", *number);
    return {};
  }
  for (const UnifiedNumber& known : kUnifiedNumbers) {
    if (file != known.file) continue;
    const std::uint64_t number = TRY(number_or_max(value, item));
    // systemd takes no 0 for TasksMax: 1 lets nobody in either but the first.
    if (properties.knows(known.since))
      properties.number(known.property, file == "pids.max" ? std::max<std::uint64_t>(number, 1) : number);
  }
  return {};
}

// --- org.systemd.property.… ------------------------------------------------------------------------------------------

bool is_name(std::string_view name) {
  return name.size() >= 3 &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

// Seconds to the microseconds that systemd's own property counts.
Result<std::vector<std::string>> microseconds(const Typed& typed) {
  const std::string& text = typed.words.front();
  if (typed.signature == "d") {
    const double us = std::strtod(text.c_str(), nullptr) * static_cast<double>(kSecondUs);
    if (us >= 0 && us < 9e18) return std::vector{fmt::format("{:.0f}", us)};
  } else if (std::string_view("nqiuxt").find(typed.signature) != std::string_view::npos) {
    const std::optional<std::uint64_t> seconds = parse_unsigned(text);
    if (seconds && *seconds <= kInfinity / kSecondUs) return std::vector{fmt::format("{}", *seconds * kSecondUs)};
  }
  return fail(complaint(fmt::format("not a number of seconds: '{}'", text)));
}

Result<> convert_annotation(const std::string& key, const std::string& value, Properties& properties) {
  std::string name = key.substr(kAnnotation.size());
  const std::string item = fmt::format("annotations.{}", key);
  if (!is_name(name)) return fail(in(item, complaint(fmt::format("'{}' is not the name of a property", name))));
  Typed typed = TRY_IN(item, read_gvariant(value));
  if (name.size() > 3 && name.ends_with("Sec") && !name.ends_with("USec")) {
    typed = {"t", TRY_IN(item, microseconds(typed))};
    name = name.substr(0, name.size() - 3) + "USec";
  }
  properties.set(name, typed.signature, std::move(typed.words));
  return {};
}

Result<> convert_resources(const spec::Resources& resources, Properties& properties) {
  convert_memory(resources.memory, properties);
  TRY(convert_cpu(resources.cpu, properties));
  convert_block_io(resources.block_io, properties);
  if (const auto& limit = resources.pids_limit) {
    properties.number("TasksMax",
                      *limit < 0 ? kInfinity : static_cast<std::uint64_t>(std::max<std::int64_t>(*limit, 1)));
  }
  if (!properties.v2()) return {};
  for (const auto& [file, value] : resources.unified) TRY(convert_unified(file, value, properties));
  return {};
}

void describe(const Scope& scope, const std::string& description, Properties& properties) {
  properties.text("Description", description);
  properties.text("Slice", scope.slice);
  properties.flag("Delegate", true);              // what is below is the container's own to make
  properties.flag("DefaultDependencies", false);  // no ordering after what a scope waits for otherwise
  for (const char* name : {"MemoryAccounting", "CPUAccounting", "TasksAccounting"}) properties.flag(name, true);
  properties.flag(properties.v2() ? "IOAccounting" : "BlockIOAccounting", true);
}

}  // namespace

Result<std::vector<UnitProperty>> resource_properties(const spec::Resources& resources, const HostFacts& facts) {
  Properties properties(facts);
  TRY(convert_resources(resources, properties));
  return properties.take();
}

spec::Cpu rounded_quota(spec::Cpu cpu) {
  if (cpu.quota.value_or(0) <= 0) return cpu;
  const std::uint64_t period = cpu.period.value_or(0) == 0 ? kDefaultPeriodUs : *cpu.period;
  const double exact =
      static_cast<double>(quota_of_a_second(*cpu.quota, period)) * static_cast<double>(period) / kSecondUs;
  cpu.quota = static_cast<std::int64_t>(exact);
  return cpu;
}

Result<std::vector<UnitProperty>> scope_properties(const Scope& scope, const std::string& description,
                                                   const spec::Resources& resources,
                                                   const std::map<std::string, std::string>& annotations,
                                                   const HostFacts& facts) {
  Properties properties(facts);
  describe(scope, description, properties);
  for (UnitProperty& device : device_properties(resources.devices)) {
    properties.set(device.name, device.signature, std::move(device.words));
  }
  TRY(convert_resources(resources, properties));
  // Without it systemd stops a whole scope when one of its processes is killed for memory.
  if (const auto group = resources.unified.find("memory.oom.group");
      group != resources.unified.end() && properties.v2() && properties.knows(kHasScopeOomPolicy)) {
    properties.text("OOMPolicy", group->second == "1" ? "kill" : "continue");
  }
  for (const auto& [key, value] : annotations) {
    if (key.starts_with(kAnnotation)) TRY(convert_annotation(key, value, properties));
  }
  return properties.take();
}

std::vector<std::string> request_words(const std::vector<UnitProperty>& properties) {
  std::vector<std::string> words;
  for (const UnitProperty& property : properties) {
    words.push_back(property.name);
    words.push_back(property.signature);
    words.insert(words.end(), property.words.begin(), property.words.end());
  }
  return words;
}

}  // namespace caisson::cgroup
