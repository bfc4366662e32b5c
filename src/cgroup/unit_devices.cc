// Device rules → DevicePolicy and DeviceAllow of a unit (systemd.resource-control(5)).
#include <algorithm>

#include <fmt/format.h>

#include "cgroup/conversion.h"
#include "cgroup/device_program.h"
#include "cgroup/unit_properties.h"

namespace caisson::cgroup {

namespace {

bool names_same(const spec::DeviceRule& a, const spec::DeviceRule& b) {
  return a.type == b.type && a.major == b.major && a.minor == b.minor;
}

// What is allowed of what is denied by default. A denial takes off an entry of the same devices alone.
class Allowed {
 public:
  void apply(const spec::DeviceRule& rule) {
    if (is_switch(rule)) {
      open_ = rule.allow;
      list_.clear();
      return;
    }
    if (open_) return;
    for (const char type : {'b', 'c'}) {
      if (rule.type != 'a' && rule.type != type) continue;
      spec::DeviceRule one = rule;
      one.type = type;
      one.allow ? add(one) : remove(one);
    }
  }

  bool open() const { return open_; }
  const std::vector<spec::DeviceRule>& list() const { return list_; }

 private:
  void add(const spec::DeviceRule& rule) {
    const auto found = std::ranges::find_if(list_, [&](const auto& other) { return names_same(rule, other); });
    if (found == list_.end()) {
      list_.push_back(rule);
      return;
    }
    for (const char access : rule.access) {
      if (found->access.find(access) == std::string::npos) found->access += access;
    }
  }

  void remove(const spec::DeviceRule& rule) {
    for (spec::DeviceRule& other : list_) {
      if (!names_same(rule, other)) continue;
      std::erase_if(other.access, [&](char c) { return rule.access.find(c) != std::string::npos; });
    }
    std::erase_if(list_, [](const auto& other) { return other.access.empty(); });
  }

  bool open_ = true;
  std::vector<spec::DeviceRule> list_;
};

// "/dev/char/1:3", "char-136", "char-*"; systemd takes the numbers, whatever nodes there are. One minor number of
// every major has no such name: all of the type are named.
std::string device_name(const spec::DeviceRule& rule) {
  const char* type = rule.type == 'b' ? "block" : "char";
  if (!rule.major) return fmt::format("{}-*", type);
  if (!rule.minor) return fmt::format("{}-{}", type, *rule.major);
  return fmt::format("/dev/{}/{}:{}", type, *rule.major, *rule.minor);
}

}  // namespace

std::vector<UnitProperty> device_properties(const std::vector<spec::DeviceRule>& rules) {
  Allowed allowed;
  for (const spec::DeviceRule& rule : rules) allowed.apply(rule);
  if (allowed.open()) return {};
  for (const spec::DeviceRule& rule : implied_device_rules()) allowed.apply(rule);
  std::vector<std::string> words = {fmt::format("{}", allowed.list().size())};
  for (const spec::DeviceRule& rule : allowed.list()) {
    words.push_back(device_name(rule));
    words.push_back(rule.access);
  }
  return {{"DevicePolicy", "s", {"strict"}}, {"DeviceAllow", "a(ss)", std::move(words)}};
}

}  // namespace caisson::cgroup
