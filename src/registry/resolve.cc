#include "registry/resolve.h"

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"

namespace caisson::registry {

namespace {

std::string words_of(const std::vector<image::Reference>& references) {
  std::vector<std::string> names;
  for (const image::Reference& reference : references) names.push_back(reference.text());
  return join(names, ", ");
}

Result<> check_not_blocked(const RegistryRule* rule, const image::Reference& reference) {
  if (rule == nullptr || !rule->is_blocked) return {};
  return fail(in(reference.text(), complaint(fmt::format("registries.conf blocks {}", rule->prefix))));
}

Result<image::Reference> moved(const RegistryRule& rule, const image::Reference& reference,
                               const std::string& location) {
  if (location.empty()) return reference;
  const std::string name = reference.text();
  const std::string there = location + name.substr(*match_prefix(rule.prefix, name));
  return TRY_IN(fmt::format("registries.conf, location {}", image::quoted_name(location)),
                image::parse_reference(there));
}

// `name` with the tag or digest that stands behind the short one in `text`.
Result<image::Reference> completed(const std::string& name, std::string_view text) {
  const std::string rest(text.substr(image::cut_reference(text).name.size()));
  return image::with_default_tag(TRY_IN("registries.conf", image::parse_reference(name + rest)));
}

Result<std::optional<image::Reference>> alias_of(const RegistriesConf& conf, std::string_view text) {
  const auto alias = conf.aliases.find(std::string(image::cut_reference(text).name));
  if (alias == conf.aliases.end() || alias->second.empty()) return std::nullopt;
  return TRY(completed(alias->second, text));
}

Result<std::vector<image::Reference>> below_search_list(const RegistriesConf& conf, std::string_view text) {
  std::vector<image::Reference> found;
  for (const std::string& registry : conf.search.value_or(std::vector<std::string>()))
    found.push_back(TRY(completed(fmt::format("{}/{}", registry, image::cut_reference(text).name), text)));
  return found;
}

bool is_for(const Mirror& mirror, const image::Reference& reference) {
  switch (mirror.names) {
    case MirrorFor::kAll: return true;
    case MirrorFor::kDigests: return !reference.digest.empty();
    case MirrorFor::kTags: return reference.digest.empty();
  }
  return false;
}

}  // namespace

Result<Candidates> candidates(const RegistriesConf& conf, std::string_view text) {
  image::Reference plain = image::with_default_tag(TRY(image::parse_reference(text)));
  if (!image::is_short_name(text)) return Candidates{.references = {std::move(plain)}};
  if (std::optional<image::Reference> alias = TRY(alias_of(conf, text)))
    return Candidates{.references = {*std::move(alias)}};
  Candidates found{.references = TRY(below_search_list(conf, text))};
  if (found.references.empty()) return Candidates{.references = {std::move(plain)}};
  const ShortNameMode mode = conf.short_name_mode.value_or(ShortNameMode::kPermissive);
  if (found.references.size() == 1 || mode == ShortNameMode::kDisabled) return found;
  const std::string names = words_of(found.references);
  if (mode == ShortNameMode::kEnforcing) {
    return fail(complaint(fmt::format("{} may be each of {}, and registries.conf has short-name-mode = \"enforcing\"",
                                      image::quoted_name(text), names),
                          "write the whole name, or give it an alias in registries.conf: there is no prompt"));
  }
  found.warning = fmt::format("{} may be each of {}: they are tried in this order", image::quoted_name(text), names);
  return found;
}

Result<std::vector<image::Reference>> local_candidates(const RegistriesConf& conf, std::string_view text) {
  image::Reference plain = image::with_default_tag(TRY(image::parse_reference(text)));
  if (!image::is_short_name(text)) return std::vector{std::move(plain)};
  std::vector<image::Reference> found;
  if (std::optional<image::Reference> alias = TRY(alias_of(conf, text))) found.push_back(*std::move(alias));
  found.push_back(TRY(completed("localhost/" + std::string(image::cut_reference(text).name), text)));
  for (image::Reference& each : TRY(below_search_list(conf, text))) found.push_back(std::move(each));
  found.push_back(std::move(plain));
  return found;
}

Result<std::vector<Endpoint>> pull_endpoints(const RegistriesConf& conf, const image::Reference& reference) {
  const RegistryRule* rule = rule_for(conf, reference.text());
  TRY(check_not_blocked(rule, reference));
  if (rule == nullptr) return std::vector{Endpoint{.reference = reference}};
  std::vector<Endpoint> endpoints;
  for (const Mirror& mirror : rule->mirrors) {
    if (!is_for(mirror, reference)) continue;
    endpoints.push_back(
        {.reference = TRY(moved(*rule, reference, mirror.location)), .is_insecure = mirror.is_insecure});
  }
  endpoints.push_back({.reference = TRY(moved(*rule, reference, rule->location)), .is_insecure = rule->is_insecure});
  return endpoints;
}

Result<Endpoint> push_endpoint(const RegistriesConf& conf, const image::Reference& reference) {
  const RegistryRule* rule = rule_for(conf, reference.text());
  TRY(check_not_blocked(rule, reference));
  return Endpoint{.reference = reference, .is_insecure = rule != nullptr && rule->is_insecure};
}

}  // namespace caisson::registry
