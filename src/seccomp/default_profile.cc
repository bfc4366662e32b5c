// podman's profile as tables that the build makes of data/default.json (generate.py).
#include <algorithm>

#include "seccomp/profile.h"
#include "spec/capability.h"

namespace caisson::seccomp {

namespace {

template <class T, std::size_t Most>
struct Few {
  T items[Most];
  const T* begin() const { return items; }
  const T* end() const {
    return std::find_if(items, items + Most, [](const T& item) { return is_absent(item); });
  }
  static bool is_absent(std::string_view text) { return text.empty(); }
  template <class Words>
  static bool is_absent(const Words& words) {
    return words.op.empty();
  }
};

using Words = Few<std::string_view, 4>;
struct ArchitectureWords {
  std::string_view architecture;
  Words others;
};
struct DependenceWords {
  Words capabilities;
  Words go_names;
  std::string_view least_kernel;
};
struct ArgumentWords {
  std::uint32_t index;
  std::uint64_t value;
  std::uint64_t value_two;
  std::string_view op;
};
struct RuleWords {
  std::size_t line;
  std::size_t names;  // how many of kNames, from where the last rule's end
  std::string_view action;
  std::optional<std::uint32_t> errno_ret;
  Few<ArgumentWords, 6> arguments;
  DependenceWords includes;
  DependenceWords excludes;
};

#include "seccomp_data/default_profile.inc"

Dependence dependence(const DependenceWords& words) {
  Dependence made;
  for (const std::string_view name : words.capabilities) {
    const std::optional<int> number = spec::capability_number(name);
    if (number) made.capabilities |= spec::capability_bit(*number);
    made.unknown_capability = made.unknown_capability || !number;
  }
  made.go_names.assign(words.go_names.begin(), words.go_names.end());
  made.least_kernel = kernel_version(words.least_kernel);
  return made;
}

// The build's own tests see to it that every word is one.
spec::SeccompAction action(std::string_view word) { return spec::find_action(word).value(); }

}  // namespace

Profile default_profile() {
  Profile profile;
  profile.base.default_action = action(kDefaultAction);
  profile.base.default_errno_ret = kDefaultErrno;
  for (const ArchitectureWords& words : kArchitectures)
    profile.arch_map.push_back({std::string(words.architecture), {words.others.begin(), words.others.end()}});
  const std::string_view* name = kNames;
  profile.rules.reserve(std::size(kRules));
  for (const RuleWords& words : kRules) {
    ProfileRule& made = profile.rules.emplace_back();
    made.line = words.line;
    made.rule.names.assign(name, name + words.names);
    name += words.names;
    made.rule.action = action(words.action);
    made.rule.errno_ret = words.errno_ret;
    for (const ArgumentWords& a : words.arguments)
      made.rule.args.push_back({a.index, a.value, a.value_two, spec::find_operator(a.op).value()});
    made.includes = dependence(words.includes);
    made.excludes = dependence(words.excludes);
  }
  return profile;
}

}  // namespace caisson::seccomp
