#include "explain/cause.h"

#include <sched.h>

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "explain/names.h"

namespace caisson::explain {

namespace {

constexpr std::uint64_t kNewTime = 0x80;  // CLONE_NEWTIME
constexpr std::array kLanes = {plan::Lane::kParent, plan::Lane::kLauncher, plan::Lane::kChild};

template <class T, class F>
void each(const plan::Plan& plan, F visit) {
  for (const plan::Lane lane : kLanes) {
    for (const plan::Step& step : plan.lane(lane)) {
      if (const auto* action = std::get_if<T>(&step.action)) visit(*action);
    }
  }
}

struct MapLine {
  std::uint64_t inside;
  std::uint64_t count;
};

std::vector<MapLine> map_lines(std::string_view map) {
  std::vector<MapLine> lines;
  for (const std::string_view line : split(map, '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    if (fields.size() != 3) continue;
    lines.push_back({parse_unsigned(fields[0]).value_or(0), parse_unsigned(fields[2]).value_or(0)});
  }
  return lines;
}

bool contains(std::string_view map, std::uint32_t id) {
  for (const MapLine& line : map_lines(map)) {
    if (id >= line.inside && id - line.inside < line.count) return true;
  }
  return false;
}

std::string ranges(std::string_view map) {
  std::vector<std::string> words;
  for (const MapLine& line : map_lines(map)) {
    words.push_back(line.count == 1 ? fmt::format("{}", line.inside)
                                    : fmt::format("{} to {}", line.inside, line.inside + line.count - 1));
  }
  return words.empty() ? "none" : join(words, ", ");
}

std::string_view last_component(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::uint64_t Cause::new_namespaces() const {
  std::uint64_t flags = 0;
  each<plan::Spawn>(plan, [&](const plan::Spawn& a) { flags |= a.flags; });
  each<plan::Unshare>(plan, [&](const plan::Unshare& a) { flags |= a.flags; });
  each<plan::MakeTimeNamespace>(plan, [&](const plan::MakeTimeNamespace&) { flags |= kNewTime; });
  return flags;
}

bool Cause::in_user_namespace() const {
  std::uint64_t flags = new_namespaces();
  each<plan::JoinNamespace>(plan, [&](const plan::JoinNamespace& a) { flags |= a.flags; });
  return (flags & CLONE_NEWUSER) != 0;
}

const plan::MapIds* Cause::maps() const {
  const plan::MapIds* found = nullptr;
  each<plan::MapIds>(plan, [&](const plan::MapIds& a) { found = &a; });
  return found;
}

bool Cause::is_mapped_user(std::uint32_t id) const {
  return maps() == nullptr || contains(plan.view(maps()->uid_map), id);
}
bool Cause::is_mapped_group(std::uint32_t id) const {
  return maps() == nullptr || contains(plan.view(maps()->gid_map), id);
}
std::string Cause::mapped_users() const { return maps() == nullptr ? "all" : ranges(plan.view(maps()->uid_map)); }
std::string Cause::mapped_groups() const { return maps() == nullptr ? "all" : ranges(plan.view(maps()->gid_map)); }

std::optional<std::string_view> Cause::written(std::string_view file) const {
  std::optional<std::string_view> value;
  each<plan::WriteFile>(plan, [&](const plan::WriteFile& a) {
    if (last_component(plan.view(a.path)) == file) value = plan.view(a.value);
  });
  return value;
}

std::string_view Cause::sysctl(std::string_view name) const {
  const auto found = facts.sysctls.find(std::string(name));
  return found == facts.sysctls.end() ? std::string_view() : std::string_view(found->second);
}

std::string Cause::hard_limit(int which) const {
  const auto found = facts.limits.find(limit_name(which));
  return found == facts.limits.end() ? std::string() : limit_value(found->second.hard);
}

std::string_view Cause::path() const { return plan.view(as<plan::WriteFile>().path); }
std::string_view Cause::file() const { return last_component(path()); }
std::string_view Cause::value() const { return plan.view(as<plan::WriteFile>().value); }

std::string Cause::controller() const { return std::string(file().substr(0, file().find('.'))); }

bool Cause::is_cgroup_file() const {
  for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
    if (path().starts_with(hierarchy.path + "/")) return true;
  }
  return path().starts_with("/sys/fs/cgroup/");
}

bool Cause::is_sysctl() const {
  return path().starts_with("/proc/sys/") ||
         (as<plan::WriteFile>().directory != plan::kNoSlot && path().starts_with("sys/"));
}

std::string Cause::sysctl_key() const {
  std::string key(path().substr(path().find("sys/") + 4));
  for (char& c : key) c = c == '/' ? '.' : c;
  return key;
}

std::string_view Cause::mount_type() const { return plan.view(as<plan::Mount>().type); }

std::string Cause::refused_option() const {
  const plan::Range options = as<plan::Mount>().options;
  if (what().call != plan::Call::kFsconfig || what().operand >= options.count) return {};
  return std::string(plan.view(plan.texts(options)[what().operand]));
}

std::optional<std::string_view> Cause::option(std::string_view key) const {
  const std::string refused = refused_option();
  for (const plan::Text text : plan.texts(as<plan::Mount>().options)) {
    if (!refused.empty() && plan.view(text) != refused) continue;
    const Cut pair = cut(plan.view(text), '=');
    if (pair.head == key && pair.tail) return pair.tail;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Cause::numeric_option(std::string_view key) const {
  const std::optional<std::string_view> text = option(key);
  const std::optional<std::uint64_t> number = text ? parse_unsigned(*text) : std::nullopt;
  return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

}  // namespace caisson::explain
