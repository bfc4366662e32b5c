#include "registry/registries_conf.h"

#include <algorithm>
#include <exception>
#include <sstream>
#include <toml.hpp>

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"
#include "image/reference.h"

namespace caisson::registry {

namespace {

// Reads the tables of one file, and says at which line something is wrong.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  std::unexpected<Error> wrong(const toml::value& at, std::string_view what, std::string hint = {}) const {
    return fail(in(fmt::format("{}:{}", path_, at.location().line()), complaint(std::string(what), std::move(hint))));
  }

  Result<std::string> text(const toml::value& table, const char* key) const {
    if (!table.contains(key)) return std::string();
    const toml::value& value = table.at(key);
    if (!value.is_string()) return wrong(value, fmt::format("{} is not a text", key));
    return value.as_string().str;
  }
  Result<bool> flag(const toml::value& table, const char* key) const {
    if (!table.contains(key)) return false;
    const toml::value& value = table.at(key);
    if (!value.is_boolean()) return wrong(value, fmt::format("{} is neither true nor false", key));
    return value.as_boolean();
  }
  Result<std::optional<std::vector<std::string>>> texts(const toml::value& table, const char* key) const {
    if (!table.contains(key)) return std::nullopt;
    const toml::value& value = table.at(key);
    if (!value.is_array()) return wrong(value, fmt::format("{} is not a list", key));
    std::vector<std::string> list;
    for (const toml::value& element : value.as_array()) {
      if (!element.is_string()) return wrong(value, fmt::format("{} is not a list of texts", key));
      list.push_back(element.as_string().str);
    }
    return list;
  }
  Result<std::vector<toml::value>> tables(const toml::value& table, const char* key) const {
    if (!table.contains(key)) return std::vector<toml::value>();
    const toml::value& value = table.at(key);
    if (!value.is_array() || !std::ranges::all_of(value.as_array(), [](const auto& one) { return one.is_table(); })) {
      return wrong(value, fmt::format("[[{}]] has to be tables", key));
    }
    return std::vector<toml::value>(value.as_array().begin(), value.as_array().end());
  }

 private:
  const std::string& path_;
};

// "docker.io/library", without a scheme and a '/' at its end.
Result<std::string> location(const Reader& reader, const toml::value& at, std::string text) {
  while (text.ends_with('/')) text.pop_back();
  if (text.find("://") != std::string::npos) {
    return reader.wrong(at, fmt::format("{} is an address: leave the scheme out", image::quoted_name(text)));
  }
  return text;
}

Result<MirrorFor> mirror_for(const Reader& reader, const toml::value& mirror, bool digests_only) {
  const std::string word = TRY(reader.text(mirror, "pull-from-mirror"));
  if (word.empty()) return digests_only ? MirrorFor::kDigests : MirrorFor::kAll;
  if (digests_only) {
    return reader.wrong(mirror, "pull-from-mirror cannot be set where mirror-by-digest-only is, of the whole registry");
  }
  if (word == "all") return MirrorFor::kAll;
  if (word == "digest-only") return MirrorFor::kDigests;
  if (word == "tag-only") return MirrorFor::kTags;
  return reader.wrong(mirror, fmt::format("pull-from-mirror is {}, and all, digest-only or tag-only are known",
                                          image::quoted_name(word)));
}

Result<RegistryRule> rule(const Reader& reader, const toml::value& table) {
  RegistryRule rule{.prefix = TRY(location(reader, table, TRY(reader.text(table, "prefix")))),
                    .location = TRY(location(reader, table, TRY(reader.text(table, "location")))),
                    .is_insecure = TRY(reader.flag(table, "insecure")),
                    .is_blocked = TRY(reader.flag(table, "blocked"))};
  const bool is_wildcard = rule.prefix.starts_with("*.");
  if (rule.prefix.empty()) rule.prefix = rule.location;
  if (rule.prefix.empty()) return reader.wrong(table, "[[registry]] has neither a prefix nor a location");
  if (rule.prefix.find('*', is_wildcard ? 1 : 0) != std::string::npos ||
      (is_wildcard && rule.prefix.find_first_of("/:@") != std::string::npos)) {
    return reader.wrong(table, fmt::format("{}: the one wildcard is *. before a domain, with nothing behind that",
                                           image::quoted_name(rule.prefix)));
  }
  if (rule.location.empty() && !is_wildcard) rule.location = rule.prefix;
  const bool digests_only = TRY(reader.flag(table, "mirror-by-digest-only"));
  for (const toml::value& mirror : TRY(reader.tables(table, "mirror"))) {
    Mirror one{.location = TRY(location(reader, mirror, TRY(reader.text(mirror, "location")))),
               .is_insecure = TRY(reader.flag(mirror, "insecure")),
               .names = TRY(mirror_for(reader, mirror, digests_only))};
    if (one.location.empty()) return reader.wrong(mirror, "[[registry.mirror]] has no location");
    rule.mirrors.push_back(std::move(one));
  }
  return rule;
}

Result<std::map<std::string, std::string>> aliases(const Reader& reader, const toml::value& document) {
  std::map<std::string, std::string> found;
  if (!document.contains("aliases")) return found;
  const toml::value& table = document.at("aliases");
  if (!table.is_table()) return reader.wrong(table, "[aliases] is not a table");
  for (const auto& [name, value] : table.as_table()) {
    if (!value.is_string())
      return reader.wrong(value, fmt::format("the alias {} is not a text", image::quoted_name(name)));
    const std::string& target = value.as_string().str;
    const image::ReferencePieces pieces = image::cut_reference(target);
    if (!target.empty() && (image::is_short_name(target) || pieces.tag || pieces.digest)) {
      return reader.wrong(value, fmt::format("the alias {} has to stand for a name with a registry, without a tag",
                                             image::quoted_name(name)));
    }
    found[name] = target;
  }
  return found;
}

Result<std::optional<ShortNameMode>> short_name_mode(const Reader& reader, const toml::value& document) {
  const std::string word = TRY(reader.text(document, "short-name-mode"));
  if (word.empty()) return std::nullopt;
  if (word == "disabled") return ShortNameMode::kDisabled;
  if (word == "permissive") return ShortNameMode::kPermissive;
  if (word == "enforcing") return ShortNameMode::kEnforcing;
  return reader.wrong(
      document.at("short-name-mode"),
      fmt::format("short-name-mode is {}, and enforcing, permissive or disabled are known", image::quoted_name(word)));
}

Result<RegistriesConf> read(const Reader& reader, const toml::value& document) {
  if (document.contains("registries")) {
    return reader.wrong(document.at("registries"), "version 1 of registries.conf is not read",
                        "unqualified-search-registries and [[registry]] say the same in version 2");
  }
  RegistriesConf conf;
  conf.search = TRY(reader.texts(document, "unqualified-search-registries"));
  conf.credential_helpers = TRY(reader.texts(document, "credential-helpers"));
  conf.short_name_mode = TRY(short_name_mode(reader, document));
  conf.aliases = TRY(aliases(reader, document));
  for (const toml::value& table : TRY(reader.tables(document, "registry"))) {
    RegistryRule one = TRY(rule(reader, table));
    const auto same = [&](const RegistryRule& other) { return other.prefix == one.prefix; };
    if (std::ranges::any_of(conf.rules, same)) {
      return reader.wrong(table, fmt::format("the prefix {} stands there twice", image::quoted_name(one.prefix)));
    }
    conf.rules.push_back(std::move(one));
  }
  return conf;
}

// What toml11 says is "[error] toml::function: what is wrong", and below that a picture of the place.
std::string first_line(std::string_view what) {
  std::string line(cut(what, '\n').head);
  for (const auto& [start, end] : {std::pair{"[", "] "}, {"toml::", ": "}}) {
    const std::size_t at = line.find(end);
    if (line.starts_with(start) && at != std::string::npos) line.erase(0, at + 2);
  }
  return line;
}

}  // namespace

Result<RegistriesConf> parse_registries_conf(std::string_view text, const std::string& path) {
  try {
    std::istringstream stream{std::string(text)};
    const toml::value document = toml::parse(stream, path);
    return read(Reader(path), document);
  } catch (const toml::exception& error) {
    return fail(in(fmt::format("{}:{}", path, error.location().line()), complaint(first_line(error.what()))));
  } catch (const std::exception& error) {  // those of the standard library, which toml11 throws too
    return fail(in(path, complaint(first_line(error.what()))));
  }
}

void add_registries_conf(RegistriesConf& conf, RegistriesConf later) {
  if (later.search) conf.search = std::move(later.search);
  if (later.short_name_mode) conf.short_name_mode = later.short_name_mode;
  if (later.credential_helpers) conf.credential_helpers = std::move(later.credential_helpers);
  for (auto& [name, target] : later.aliases) conf.aliases[name] = std::move(target);
  for (RegistryRule& rule : later.rules) {
    std::erase_if(conf.rules, [&](const RegistryRule& earlier) { return earlier.prefix == rule.prefix; });
    conf.rules.push_back(std::move(rule));
  }
}

std::optional<std::size_t> match_prefix(std::string_view prefix, std::string_view name) {
  std::size_t end = prefix.size();
  if (prefix.starts_with("*.")) {
    const std::string_view domain = prefix.substr(1);
    const std::string_view host = name.substr(0, name.find_first_of("/:@"));
    if (!host.ends_with(domain) || host.size() == domain.size()) return std::nullopt;
    end = host.size();
  } else if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  const bool ends_a_part = end == name.size() || std::string_view("/:@").find(name[end]) != std::string_view::npos;
  return ends_a_part ? std::optional(end) : std::nullopt;
}

const RegistryRule* rule_for(const RegistriesConf& conf, std::string_view name) {
  const RegistryRule* best = nullptr;
  for (const RegistryRule& rule : conf.rules) {
    if (match_prefix(rule.prefix, name) && (best == nullptr || rule.prefix.size() > best->prefix.size())) best = &rule;
  }
  return best;
}

}  // namespace caisson::registry
