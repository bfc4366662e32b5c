#include "cgroup/device_transition.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/device_program.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kItem = "linux.resources.devices";
constexpr std::string_view kAccesses = "rwm";

// Which devices: -1 is all numbers.
using Devices = std::tuple<char, std::int64_t, std::int64_t>;

unsigned accesses(std::string_view letters) {
  unsigned mask = 0;
  for (const char letter : letters) {
    const std::size_t bit = kAccesses.find(letter);
    if (bit != std::string_view::npos) mask |= 1U << bit;
  }
  return mask;
}

std::string letters(unsigned mask) {
  std::string text;
  for (std::size_t bit = 0; bit < kAccesses.size(); ++bit) {
    if ((mask >> bit & 1U) != 0) text += kAccesses[bit];
  }
  return text;
}

std::string number(std::int64_t value) { return value < 0 ? "*" : fmt::format("{}", value); }

bool covers(const Devices& wide, const Devices& narrow) {
  const auto [type, major, minor] = wide;
  return type == std::get<0>(narrow) && (major < 0 || major == std::get<1>(narrow)) &&
         (minor < 0 || minor == std::get<2>(narrow));
}

// What a v1 devices cgroup holds: a default, and exceptions to it (security/device_cgroup.c).
struct Exceptions {
  bool allow_all = false;
  std::map<Devices, unsigned> excepted;

  void reset(bool allow) {
    allow_all = allow;
    excepted.clear();
  }

  // The kernel adds to the exceptions, or takes away from the very same one.
  Result<> apply(bool allow, const Devices& devices, unsigned mask) {
    if (allow != allow_all) {
      excepted[devices] |= mask;
      return {};
    }
    for (const auto& [wide, wide_mask] : excepted) {
      if (wide != devices && covers(wide, devices) && (wide_mask & mask) != 0) {
        return fail(
            in(kItem, complaint(fmt::format("'{}' is a part of a rule about all numbers, which cgroup v1 cannot "
                                            "take away",
                                            line(devices, mask)),
                                "leave the one out, or name the devices one by one in the other")));
      }
    }
    const auto found = excepted.find(devices);
    if (found == excepted.end()) return {};
    found->second &= ~mask;
    if (found->second == 0) excepted.erase(found);
    return {};
  }

  static std::string line(const Devices& devices, unsigned mask) {
    const auto [type, major, minor] = devices;
    return fmt::format("{} {}:{} {}", type, number(major), number(minor), letters(mask));
  }
};

Result<> apply(const spec::DeviceRule& rule, Exceptions& state) {
  if (is_switch(rule)) {
    state.reset(rule.allow);
    return {};
  }
  for (const char type : {'b', 'c'}) {
    if (rule.type != 'a' && rule.type != type) continue;
    TRY(state.apply(rule.allow, {type, rule.major.value_or(-1), rule.minor.value_or(-1)}, accesses(rule.access)));
  }
  return {};
}

// "a *:* rwm" is shown for a cgroup that allows by default, without its exceptions: those it has, it keeps.
Exceptions parse_list(std::string_view list) {
  Exceptions state;
  for (const std::string_view text : split(list, '\n')) {
    const std::vector<std::string_view> word = split(text, ' ');
    if (word.size() < 3 || word[0].size() != 1) continue;
    if (word[0] == "a") {
      state.reset(true);
      continue;
    }
    const Cut numbers = cut(word[1], ':');
    const auto value = [](std::string_view digits) {
      return digits == "*" ? -1 : static_cast<std::int64_t>(parse_unsigned(digits).value_or(0));
    };
    state.excepted[{word[0][0], value(numbers.head), value(numbers.tail.value_or("*"))}] |= accesses(word[2]);
  }
  return state;
}

}  // namespace

std::vector<spec::DeviceRule> runtime_device_rules(const std::vector<spec::DeviceRule>& rules) {
  std::vector<spec::DeviceRule> all = {{.allow = false, .type = 'a', .access = "rwm"}};
  all.insert(all.end(), rules.begin(), rules.end());
  const auto last_switch = std::find_if(all.rbegin(), all.rend(), is_switch);
  if (!last_switch->allow) all.push_back({.allow = true, .type = 'c', .major = 10, .minor = 200, .access = "rwm"});
  return all;
}

Result<std::vector<DeviceLine>> device_transition(std::string_view list, const std::vector<spec::DeviceRule>& rules) {
  Exceptions now = parse_list(list);
  Exceptions wanted;
  for (const spec::DeviceRule& rule : rules) TRY(apply(rule, wanted));
  std::vector<DeviceLine> lines;
  if (now.allow_all != wanted.allow_all) {
    lines.push_back({wanted.allow_all ? "devices.allow" : "devices.deny", "a"});
    now.reset(wanted.allow_all);
  }
  const char* give = wanted.allow_all ? "devices.deny" : "devices.allow";
  const char* take = wanted.allow_all ? "devices.allow" : "devices.deny";
  for (const auto& [devices, mask] : wanted.excepted) {
    const auto held = now.excepted.find(devices);
    const unsigned missing = held == now.excepted.end() ? mask : mask & ~held->second;
    if (missing != 0) lines.push_back({give, Exceptions::line(devices, missing)});
  }
  for (const auto& [devices, mask] : now.excepted) {
    const auto kept = wanted.excepted.find(devices);
    const unsigned surplus = kept == wanted.excepted.end() ? mask : mask & ~kept->second;
    if (surplus != 0) lines.push_back({take, Exceptions::line(devices, surplus)});
  }
  return lines;
}

Result<> use_device_transition(Layout& layout, std::string_view list, const std::vector<spec::DeviceRule>& rules,
                               const HostFacts& facts) {
  const CgroupHierarchy* hierarchy = facts.hierarchy("devices");
  const std::string* directory = hierarchy == nullptr ? nullptr : directory_in(*hierarchy, layout.directories);
  if (directory == nullptr) return {};
  std::vector<spec::DeviceRule> all = rules;
  const auto last_switch = std::find_if(rules.rbegin(), rules.rend(), is_switch);
  if (last_switch != rules.rend() && !last_switch->allow) {
    const std::vector<spec::DeviceRule> implied = implied_device_rules();
    all.insert(all.end(), implied.begin(), implied.end());
  }
  std::vector<FileWrite> writes;
  for (DeviceLine& line : TRY(device_transition(list, all))) {
    writes.push_back({*directory, line.file, std::move(line.line), std::string(kItem)});
  }
  std::erase_if(layout.writes, [](const FileWrite& write) { return write.item.starts_with(kItem); });
  layout.writes.insert(layout.writes.begin(), writes.begin(), writes.end());
  return {};
}

}  // namespace caisson::cgroup
