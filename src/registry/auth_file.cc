#include "registry/auth_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"
#include "registry/base64.h"

namespace caisson::registry {

namespace {

using Json = nlohmann::ordered_json;  // what is written again keeps its order

constexpr std::string_view kHub = "docker.io";
constexpr const char* kHubOfDocker = "https://index.docker.io/v1/";  // what docker's own helpers know it by

// The JSON parser's words would show what stands there.
Result<Json> parse(std::string_view file) {
  if (file.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json::object();
  Json document = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return fail(complaint("it is not a JSON object"));
  return document;
}

const Json& member(const Json& object, std::string_view key) {
  static const Json kNone = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kNone;
}

std::string text_at(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::optional<Credentials>> read_entry(const std::string& key, const Json& entry) {
  if (!entry.is_object()) return std::nullopt;
  Credentials found{.user = text_at(entry, "username"),
                    .password = text_at(entry, "password"),
                    .identity_token = text_at(entry, "identitytoken")};
  if (const std::string encoded = text_at(entry, "auth"); !encoded.empty()) {
    const std::optional<std::string> decoded = decode_base64(encoded);
    const Cut pair = cut(decoded ? *decoded : std::string_view(), ':');
    if (!pair.tail) {
      return fail(in(image::quoted_name(key), complaint("its 'auth' is not the base64 of a user and a password")));
    }
    found.user = pair.head;
    found.password = *pair.tail;
    while (found.password.ends_with('\0')) found.password.pop_back();  // old docker's padding
  }
  if (found.user.empty() && found.identity_token.empty()) return std::nullopt;
  return found;
}

// The entry of `key` itself, or else the first that comes to the same.
Json::const_iterator find_key(const Json& object, std::string_view key, AuthFormat format) {
  const auto exact = object.find(key);
  if (exact != object.end()) return exact;
  for (auto entry = object.begin(); entry != object.end(); ++entry) {
    if (canonical_key(entry.key(), format) == key) return entry;
  }
  return object.end();
}

std::string registry_of(std::string_view name) { return std::string(cut(name, '/').head); }

std::string server_name(const std::string& registry) { return registry == kHub ? kHubOfDocker : registry; }

}  // namespace

std::vector<std::string> namespaces_of(std::string_view name) {
  std::vector<std::string> keys = {std::string(name)};
  for (std::size_t slash = name.rfind('/'); slash != std::string_view::npos; slash = name.rfind('/')) {
    keys.emplace_back(name = name.substr(0, slash));
  }
  return keys;
}

std::string canonical_key(std::string_view key, AuthFormat format) {
  std::string_view rest = key;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (format == AuthFormat::kDockercfg || rest.size() != key.size()) rest = cut(rest, '/').head;
  return rest == "index.docker.io" || rest == "registry-1.docker.io" ? std::string(kHub) : std::string(rest);
}

Result<Found> look_up(std::string_view file, AuthFormat format, std::string_view name) {
  const Json document = TRY(parse(file));
  const bool is_old = format == AuthFormat::kDockercfg;
  const Json& auths = is_old ? document : member(document, "auths");
  const Json& helpers = is_old ? member(document, {}) : member(document, "credHelpers");
  for (const std::string& key : namespaces_of(name)) {
    const auto helper = find_key(helpers, key, format);
    if (helper != helpers.end() && helper->is_string() && !helper->get_ref<const std::string&>().empty()) {
      return HelperUse{.helper = helper->get<std::string>(), .server = helper.key()};
    }
    const auto entry = find_key(auths, key, format);
    if (entry == auths.end()) continue;
    if (std::optional<Credentials> found = TRY(read_entry(entry.key(), *entry))) return *std::move(found);
  }
  if (const std::string store = is_old ? "" : text_at(document, "credsStore"); !store.empty()) {
    return HelperUse{.helper = store, .server = server_name(registry_of(name))};
  }
  return Found();
}

Result<std::optional<HelperUse>> helper_for(std::string_view file, std::string_view key) {
  const Json document = TRY(parse(file));
  const Json& helpers = member(document, "credHelpers");
  const auto helper = find_key(helpers, key, AuthFormat::kAuths);
  if (helper != helpers.end() && helper->is_string() && !helper->get_ref<const std::string&>().empty()) {
    return HelperUse{.helper = helper->get<std::string>(), .server = helper.key()};
  }
  if (const std::string store = text_at(document, "credsStore"); !store.empty()) {
    return HelperUse{.helper = store, .server = server_name(std::string(key))};
  }
  return std::nullopt;
}

Result<std::string> with_credentials(std::string_view file, const std::string& key, const Credentials& credentials) {
  Json document = TRY(parse(file));
  Json entry = {{"auth", encode_base64(credentials.user + ":" + credentials.password)}};
  if (!credentials.identity_token.empty()) entry["identitytoken"] = credentials.identity_token;
  Json& auths = document["auths"];
  if (!auths.is_object()) auths = Json::object();
  auths[key] = std::move(entry);
  return document.dump(1, '\t', false, Json::error_handler_t::replace) + "\n";
}

Result<std::optional<std::string>> without_credentials(std::string_view file, std::string_view key) {
  Json document = TRY(parse(file));
  if (document.find("auths") == document.end() || !document["auths"].is_object()) return std::nullopt;
  Json& auths = document["auths"];
  const std::size_t before = auths.size();
  for (auto found = find_key(auths, key, AuthFormat::kAuths); found != auths.end();
       found = find_key(auths, key, AuthFormat::kAuths)) {
    auths.erase(std::string(found.key()));
  }
  if (auths.size() == before) return std::nullopt;
  return document.dump(1, '\t', false, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<std::string>> keys_in(std::string_view file) {
  const Json document = TRY(parse(file));
  std::vector<std::string> keys;
  for (const char* where : {"auths", "credHelpers"}) {
    for (const auto& entry : member(document, where).items()) {
      if (std::ranges::find(keys, entry.key()) == keys.end()) keys.push_back(entry.key());
    }
  }
  return keys;
}

}  // namespace caisson::registry
