#include "seccomp/profile.h"

#include <algorithm>

#include "base/text.h"

namespace caisson::seccomp {

std::optional<KernelVersion> kernel_version(std::string_view text) {
  const Cut parts = cut(text, '.');
  if (!parts.tail) return std::nullopt;
  const std::string_view minor_text = parts.tail->substr(0, parts.tail->find_first_not_of("0123456789"));
  const auto major = parse_unsigned(parts.head), minor = parse_unsigned(minor_text);
  if (!major || !minor || *major > 0xffff || *minor > 0xffff) return std::nullopt;
  return KernelVersion{static_cast<unsigned>(*major), static_cast<unsigned>(*minor)};
}

Absence absence(const ProfileRule& rule, const Situation& situation) {
  const auto names_it = [&](const Dependence& dependence) {
    const std::vector<std::string>& names = dependence.go_names;
    return std::find(names.begin(), names.end(), situation.native->go_name) != names.end();
  };
  const Dependence& in = rule.includes;
  const Dependence& out = rule.excludes;
  if (names_it(out) || (!in.go_names.empty() && !names_it(in))) return Absence::kArchitecture;
  if ((out.capabilities & situation.capabilities) != 0) return Absence::kHasCapability;
  if (in.unknown_capability || (in.capabilities & ~situation.capabilities) != 0) return Absence::kLacksCapability;
  if (out.least_kernel && situation.kernel >= *out.least_kernel) return Absence::kKernel;
  if (in.least_kernel && situation.kernel < *in.least_kernel) return Absence::kKernel;
  return Absence::kNone;
}

spec::Seccomp resolve(Profile profile, const Situation& situation) {
  spec::Seccomp seccomp = std::move(profile.base);
  for (const Profile::Entry& entry : profile.arch_map) {
    if (entry.architecture != situation.native->word) continue;
    seccomp.architectures.push_back(entry.architecture);
    seccomp.architectures.insert(seccomp.architectures.end(), entry.others.begin(), entry.others.end());
  }
  for (ProfileRule& rule : profile.rules) {
    if (absence(rule, situation) == Absence::kNone) seccomp.syscalls.push_back(std::move(rule.rule));
  }
  return seccomp;
}

}  // namespace caisson::seccomp
