#include "image/policy.h"

#include <fmt/format.h>

#include "image/document.h"
#include "image/quoted.h"
#include "spec/fields.h"

namespace caisson::image {

namespace {

constexpr std::size_t kPolicyBytes = 1U << 20;

void read_default(spec::Fields& fields, Requirement& requirement) {
  std::string word;
  fields.read("default", word);
  if (word == "accept" || word.empty()) return;
  if (word == "reject") {
    requirement.kind = Requirement::Kind::kReject;
  } else {
    fields.error("default", fmt::format("{} is neither 'accept' nor 'reject'", quoted_name(word)));
  }
}

void read_keys(spec::Fields& fields, std::string_view key, Requirement::Kind kind, Requirement& requirement) {
  const std::size_t before = requirement.keys.size();
  fields.each(key, [&](const spec::Json& value, const spec::Place&) {
    std::string path = value.IsString() ? value.GetString() : "";
    if (!path.starts_with('/')) fields.error(key, fmt::format("{} is no absolute path", quoted_name(path)));
    requirement.keys.push_back(std::move(path));
  });
  if (requirement.keys.size() == before) return;
  if (before != 0) fields.error(key, "a rule is about one kind of signature");
  requirement.kind = kind;
}

void read_rule(spec::Fields& fields, Policy::Rule& rule) {
  fields.require("match", rule.pattern);
  Requirement& requirement = rule.requirement;
  bool is_said = fields.has("default");
  read_default(fields, requirement);
  for (const auto& [key, kind] : {std::pair("cosign", Requirement::Kind::kCosign), {"gpg", Requirement::Kind::kGpg}}) {
    if (!fields.has(key)) continue;
    if (is_said) fields.error(key, "a rule says one thing: default, cosign or gpg");
    is_said = true;
    read_keys(fields, key, kind, requirement);
    if (requirement.keys.empty()) fields.error(key, "a list of files is expected");
  }
  if (!is_said) fields.error("default", "missing, as are cosign and gpg");
  fields.read("signatures", requirement.signatures);
  if (!requirement.signatures.empty() && requirement.kind != Requirement::Kind::kGpg)
    fields.error("signatures", "it belongs to gpg");
}

}  // namespace

const Requirement& Policy::of(std::string_view name) const {
  for (const Rule& rule : rules) {
    if (fits_pattern(rule.pattern, name)) return rule.requirement;
  }
  return otherwise;
}

Result<Policy> read_policy(std::string_view json, std::string_view shown) {
  const std::string file(shown);
  const spec::Document document = TRY(parse_document(json, file, kPolicyBytes));
  spec::Findings findings;
  Policy policy;
  {
    spec::Fields fields(document, spec::Place(""), findings);
    read_default(fields, policy.otherwise);
    fields.list("rules", policy.rules, [](spec::Fields& rule_fields, Policy::Rule& rule) {
      read_rule(rule_fields, rule);
      rule_fields.finish();
    });
    fields.finish();
  }
  findings.errors.insert(findings.errors.end(), findings.warnings.begin(), findings.warnings.end());
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, file));
  return policy;
}

bool fits_pattern(std::string_view pattern, std::string_view name) {
  // Where the last '*' was, and how much of the name it stands for so far.
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  std::size_t p = 0;
  std::size_t n = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace caisson::image
