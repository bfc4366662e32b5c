#include <algorithm>

#include <fmt/format.h>

#include "cgroup/device_program.h"
#include "cgroup/writes.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kItem = "linux.resources.devices";

std::string number(const std::optional<std::int64_t>& value) { return value ? fmt::format("{}", *value) : "*"; }

Result<> check(const spec::DeviceRule& rule, const std::string& item) {
  if (rule.type != 'a' && rule.type != 'b' && rule.type != 'c') {
    return fail(in(item, complaint(fmt::format("device type '{}' is none of a, b, c", rule.type))));
  }
  if (is_switch(rule)) return {};
  if (rule.access.empty() || rule.access.find_first_not_of("rwm") != std::string::npos) {
    return fail(in(item, complaint(fmt::format("access '{}' is not made of r, w, m", rule.access))));
  }
  return {};
}

void write_rule(const CgroupHierarchy& hierarchy, const spec::DeviceRule& rule, const std::string& item,
                Writes& writes) {
  const std::string file = rule.allow ? "devices.allow" : "devices.deny";
  if (is_switch(rule)) {
    writes.write(hierarchy, file, "a", item);
    return;
  }
  // The kernel takes any line that starts with "a" for the switch: both types are named instead.
  for (const char type : {'b', 'c'}) {
    if (rule.type != 'a' && rule.type != type) continue;
    writes.write(hierarchy, file, fmt::format("{} {}:{} {}", type, number(rule.major), number(rule.minor), rule.access),
                 item);
  }
}

}  // namespace

std::vector<spec::DeviceRule> implied_device_rules() {
  const auto allow = [](char type, std::optional<std::int64_t> major, std::optional<std::int64_t> minor,
                        const char* access) {
    return spec::DeviceRule{.allow = true, .type = type, .major = major, .minor = minor, .access = access};
  };
  return {
      allow('c', std::nullopt, std::nullopt, "m"),  // making a node is harmless while opening it is not allowed
      allow('b', std::nullopt, std::nullopt, "m"),
      allow('c', 1, 3, "rwm"),               // null
      allow('c', 1, 5, "rwm"),               // zero
      allow('c', 1, 7, "rwm"),               // full
      allow('c', 1, 8, "rwm"),               // random
      allow('c', 1, 9, "rwm"),               // urandom
      allow('c', 5, 0, "rwm"),               // tty
      allow('c', 5, 2, "rwm"),               // ptmx
      allow('c', 136, std::nullopt, "rwm"),  // the slaves of pseudo-terminals
  };
}

Result<> convert_devices(const std::vector<spec::DeviceRule>& rules, Writes& writes) {
  if (rules.empty()) return {};
  for (std::size_t i = 0; i < rules.size(); ++i) TRY(check(rules[i], fmt::format("{}[{}]", kItem, i)));
  // An all-open group needs none of the implied ones, and would keep them as exceptions to deny.
  const auto last_switch = std::find_if(rules.rbegin(), rules.rend(), is_switch);
  std::vector<spec::DeviceRule> implied;
  if (last_switch != rules.rend() && !last_switch->allow) implied = implied_device_rules();

  const auto& hierarchies = writes.facts().hierarchies;
  const bool v2 =
      std::any_of(hierarchies.begin(), hierarchies.end(), [](const CgroupHierarchy& h) { return h.unified; });
  if (v2 && writes.facts().hierarchy("devices") == nullptr) {
    std::vector<spec::DeviceRule> all = rules;
    all.insert(all.end(), implied.begin(), implied.end());
    writes.restrict_devices(std::move(all));
    return {};
  }
  const CgroupHierarchy* hierarchy = TRY(writes.need({"devices"}, kItem));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    write_rule(*hierarchy, rules[i], fmt::format("{}[{}]", kItem, i), writes);
  }
  for (const spec::DeviceRule& rule : implied) write_rule(*hierarchy, rule, std::string(kItem), writes);
  return {};
}

}  // namespace caisson::cgroup
