#include "spec/landlock.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "spec/validation.h"

namespace caisson::spec {

namespace {

constexpr std::string_view kPrefix = "caisson.landlock.";

struct Kind {
  std::string_view name;
  std::uint32_t rights;
};
constexpr std::array kKinds = {Kind{"read", kLandlockRead}, Kind{"execute", kLandlockExecute},
                               Kind{"write", kLandlockWrite}};

std::uint32_t rights_of(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind.rights;
  }
  return 0;
}

}  // namespace

std::optional<std::vector<LandlockRule>> read_landlock(const std::map<std::string, std::string>& annotations,
                                                       Findings* findings) {
  const auto note = [&](const std::string& key, std::string text) {
    if (findings != nullptr) findings->errors.push_back({below("/annotations", key), std::move(text)});
  };
  std::map<std::string, std::uint32_t> rights;
  bool any = false;
  for (const auto& [key, value] : annotations) {
    if (!key.starts_with(kPrefix)) continue;
    any = true;
    const std::uint32_t given = rights_of(std::string_view(key).substr(kPrefix.size()));
    if (given == 0) note(key, "no such rights: there are read, execute and write");
    for (const std::string_view path : split(value, ':')) {
      if (path.empty()) continue;
      if (!is_plain_absolute(path)) note(key, fmt::format("'{}' is not an absolute path without '..'", path));
      rights[std::string(path)] |= given;
    }
  }
  if (!any) return std::nullopt;
  std::vector<LandlockRule> rules;
  for (const auto& [path, given] : rights) rules.push_back({path, given});
  return rules;
}

}  // namespace caisson::spec
