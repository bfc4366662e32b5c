// registries.conf, version 2 (containers-registries.conf(5)), as text and as a value. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::registry {

/// Which names a mirror is for.
enum class MirrorFor { kAll, kDigests, kTags };

struct Mirror {
  std::string location;
  bool is_insecure = false;
  MirrorFor names = MirrorFor::kAll;
};

/// One [[registry]].
struct RegistryRule {
  std::string prefix;    ///< of the names it is for: "quay.io/team", "*.example.com"
  std::string location;  ///< what stands there instead; empty (with a wildcard alone): nothing
  bool is_insecure = false;
  bool is_blocked = false;
  std::vector<Mirror> mirrors = {};
};

enum class ShortNameMode { kDisabled, kPermissive, kEnforcing };

struct RegistriesConf {
  std::optional<std::vector<std::string>> search = {};  ///< unqualified-search-registries; nothing: not said
  std::optional<ShortNameMode> short_name_mode = {};
  std::map<std::string, std::string> aliases = {};  ///< an empty one takes an earlier one away
  std::vector<RegistryRule> rules = {};
  std::optional<std::vector<std::string>> credential_helpers = {};
};

/// Reads the text of one file, which errors call `path`, with the line where something is wrong.
Result<RegistriesConf> parse_registries_conf(std::string_view text, const std::string& path);

/// What `later`, a file that is read after `conf`'s, says, holds: lists are replaced, rules by their prefix, aliases by
/// their name.
void add_registries_conf(RegistriesConf& conf, RegistriesConf later);

/// How insecure, blocked and mirrored `name` ("quay.io/team/tool:1") is: the rule with the longest prefix that fits.
const RegistryRule* rule_for(const RegistriesConf& conf, std::string_view name);

/// How much of `name` the prefix stands for; nothing if it is not for it. A prefix ends where a part of a name does.
std::optional<std::size_t> match_prefix(std::string_view prefix, std::string_view name);

}  // namespace caisson::registry
