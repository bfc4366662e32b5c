#include "engine/secret_grammar.h"

#include <limits>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/mount_grammar.h"
#include "engine/volume_record.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kDirectory = "/run/secrets/";
constexpr std::size_t kLongestName = 253;

Result<std::uint32_t> read_id(std::string_view key, std::string_view text) {
  const std::optional<std::uint64_t> id = parse_unsigned(text);
  if (!id || *id >= std::numeric_limits<std::uint32_t>::max())
    return fail(complaint(fmt::format("{}: not an id: '{}'", key, text)));
  return static_cast<std::uint32_t>(*id);
}

Result<std::uint32_t> read_mode(std::string_view text) {
  const std::optional<std::uint32_t> mode = parse_octal(text);
  if (!mode || *mode > 07777) return fail(complaint(fmt::format("mode: not an octal mode: '{}'", text)));
  return *mode;
}

Result<> add_key(std::string_view key, std::string_view value, SecretChoice& secret, bool& of_file) {
  if (key == "source" || key == "src") {
    secret.name = value;
  } else if (key == "type") {
    if (value != "mount" && value != "env")
      return fail(complaint(fmt::format("type is mount or env, not '{}'", value)));
    secret.is_variable = value == "env";
  } else if (key == "target" || key == "dst" || key == "destination") {
    secret.target = value;
  } else if (key == "uid") {
    secret.uid = TRY(read_id(key, value));
    of_file = true;
  } else if (key == "gid") {
    secret.gid = TRY(read_id(key, value));
    of_file = true;
  } else if (key == "mode") {
    secret.mode = TRY(read_mode(value));
    of_file = true;
  } else {
    return fail(complaint(fmt::format("'{}' is none of type, target, uid, gid, mode", key)));
  }
  return {};
}

}  // namespace

bool is_secret_name(std::string_view name) { return is_volume_name(name) && name.size() <= kLongestName; }

Result<SecretChoice> read_secret(std::string_view text) {
  SecretChoice secret;
  bool of_file = false;
  bool is_first = true;
  for (const std::string_view field : split(text, ',')) {
    const Cut pair = cut(field, '=');
    if (is_first && !pair.tail) {
      secret.name = field;
    } else if (!pair.tail || pair.tail->empty()) {
      return fail(complaint(fmt::format("'{}' is not KEY=VALUE", field)));
    } else {
      TRY(add_key(pair.head, *pair.tail, secret, of_file));
    }
    is_first = false;
  }
  if (!is_secret_name(secret.name)) return fail(complaint(fmt::format("'{}' is no name of a secret", secret.name)));
  if (secret.target.empty()) secret.target = secret.name;
  if (secret.is_variable) {
    if (of_file) return fail(complaint("uid, gid and mode are those of a file: a variable has none"));
    if (secret.target.find('=') != std::string::npos)
      return fail(complaint(fmt::format("'{}' is no name of a variable", secret.target)));
    return secret;
  }
  secret.target = clean_path(secret.target.starts_with('/') ? secret.target : std::string(kDirectory) + secret.target);
  if (secret.target == "/") return fail(complaint("the target cannot be '/', the container's own root"));
  return secret;
}

}  // namespace caisson::engine
