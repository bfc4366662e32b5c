#include <cstring>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "seccomp/calls.h"
#include "seccomp/profile.h"
#include "spec/capability.h"
#include "spec/document.h"
#include "spec/fields.h"
#include "spec/read_seccomp.h"
#include "spec/validate.h"

namespace caisson::seccomp {

namespace {

using spec::Fields;

// podman's "errno": a name, or a number in words; it wins over the number beside it, as there.
void read_errno_name(Fields& fields, std::string_view key, std::optional<std::uint32_t>& target) {
  std::string name;
  fields.read(key, name);
  if (name.empty()) return;
  if (const auto number = parse_unsigned(name); number && *number <= spec::kMostErrno) {
    target = static_cast<std::uint32_t>(*number);
    return;
  }
  for (int number = 1; number < 134; ++number) {
    const char* const known = ::strerrorname_np(number);
    if (known == nullptr || name != known) continue;
    target = static_cast<std::uint32_t>(number);
    return;
  }
  fields.error(key, fmt::format("unknown error '{}'", name));
}

void read_dependence(Fields& fields, Dependence& dependence) {
  fields.each("caps", [&](const spec::Json& element, const spec::Place& place) {
    std::string name;
    fields.take(element, place, name);
    if (name.empty()) return;
    if (const std::optional<int> number = spec::capability_number(name)) {
      dependence.capabilities |= spec::capability_bit(*number);
    } else {
      dependence.unknown_capability = true;
      fields.warn(place, fmt::format("unknown capability '{}': no container has it", name));
    }
  });
  fields.read("arches", dependence.go_names);
  std::string least;
  fields.read("minKernel", least);
  if (least.empty()) return;
  dependence.least_kernel = kernel_version(least);
  if (!dependence.least_kernel) fields.error("minKernel", fmt::format("'{}' is not a version as in \"4.8\"", least));
}

void read_rule(Fields& fields, ProfileRule& rule) {
  fields.read("names", rule.rule.names);
  std::string name;  // docker's older form: one rule for each
  fields.read("name", name);
  if (!name.empty() && !rule.rule.names.empty()) fields.error("name", "there is names too: it is either");
  if (!name.empty()) rule.rule.names.push_back(name);
  spec::read_seccomp_action(fields, "action", rule.rule.action);
  fields.read("errnoRet", rule.rule.errno_ret);
  read_errno_name(fields, "errno", rule.rule.errno_ret);
  fields.list("args", rule.rule.args, spec::read_seccomp_argument);
  fields.object("includes", [&](Fields& words) { read_dependence(words, rule.includes); });
  fields.object("excludes", [&](Fields& words) { read_dependence(words, rule.excludes); });
  std::string comment;
  fields.read("comment", comment);
}

void read_entry(Fields& fields, Profile::Entry& entry) {
  fields.require("architecture", entry.architecture);
  fields.read("subArchitectures", entry.others);
}

void read_top(Fields& fields, Profile& profile) {
  spec::Seccomp& base = profile.base;
  spec::read_seccomp_action(fields, "defaultAction", base.default_action);
  fields.read("defaultErrnoRet", base.default_errno_ret);
  read_errno_name(fields, "defaultErrno", base.default_errno_ret);
  fields.read("architectures", base.architectures);
  fields.list("archMap", profile.arch_map, read_entry);
  if (!base.architectures.empty() && !profile.arch_map.empty())
    fields.error("architectures", "there is archMap too: it is either");
  fields.read("flags", base.flags);
  fields.read("listenerPath", base.listener_path);
  fields.read("listenerMetadata", base.listener_metadata);
  fields.list("syscalls", profile.rules, read_rule);
  fields.finish();
}

// The specification's rules hold for all that the profile may come to, wherever it is used.
void validate(const Profile& profile, spec::Findings& findings) {
  spec::Seccomp whole = profile.base;
  for (const ProfileRule& rule : profile.rules) whole.syscalls.push_back(rule.rule);
  spec::validate_seccomp(whole, "", findings);
  for (std::size_t i = 0; i < profile.arch_map.size(); ++i) {
    const std::string place = spec::below("/archMap", i);
    if (!spec::is_architecture_word(profile.arch_map[i].architecture))
      findings.errors.push_back(
          {place + "/architecture", fmt::format("unknown architecture '{}'", profile.arch_map[i].architecture)});
    for (std::size_t j = 0; j < profile.arch_map[i].others.size(); ++j) {
      const std::string& word = profile.arch_map[i].others[j];
      if (!spec::is_architecture_word(word))
        findings.errors.push_back(
            {spec::below(place + "/subArchitectures", j), fmt::format("unknown architecture '{}'", word)});
    }
  }
  for (std::size_t i = 0; i < whole.syscalls.size(); ++i) {
    const std::vector<std::string>& names = whole.syscalls[i].names;
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (find_call(names[j]) == nullptr)
        findings.warnings.push_back({spec::below(spec::below("/syscalls", i) + "/names", j),
                                     fmt::format("unknown system call '{}' is left out", names[j])});
    }
  }
}

// The lines on which the elements of the list "syscalls" begin. `json` is known to be JSON.
std::vector<std::size_t> rule_lines(std::string_view json) {
  std::vector<std::size_t> lines;
  std::size_t line = 1;
  int depth = 0;
  bool awaited = false;  // the list is the next value
  bool inside = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '\n') ++line;
    if (c == '"') {
      const std::size_t begin = i + 1;
      for (++i; json[i] != '"'; ++i) i += json[i] == '\\' ? 1 : 0;
      if (depth == 1) awaited = json.substr(begin, i - begin) == "syscalls";
    }
    if (c == '[' && depth == 1) inside = awaited;
    if (c == '{' && depth == 2 && inside) lines.push_back(line);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == ']' && depth == 1) inside = false;
  }
  return lines;
}

}  // namespace

ProfileReading read_profile(std::string_view json) {
  ProfileReading reading;
  const std::optional<spec::Document> document = spec::parse_document(json, reading.findings);
  if (!document) return reading;
  Fields fields(*document, spec::Place(""), reading.findings);
  if (!document->IsObject()) return reading;
  read_top(fields, reading.profile);
  if (!reading.findings.errors.empty()) return reading;
  validate(reading.profile, reading.findings);
  const std::vector<std::size_t> lines = rule_lines(json);
  for (std::size_t i = 0; i < reading.profile.rules.size() && i < lines.size(); ++i)
    reading.profile.rules[i].line = lines[i];
  return reading;
}

}  // namespace caisson::seccomp
