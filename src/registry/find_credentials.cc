#include "registry/find_credentials.h"

#include <cerrno>
#include <variant>
#include <vector>

#include "base/text.h"
#include "kernel/files.h"
#include "registry/credential_helper.h"
#include "registry/files.h"

namespace caisson::registry {

namespace {

constexpr const char* kAuthFiles = "containers-auth.json";  // among credential-helpers: the files

Result<std::optional<Credentials>> from_place(const AuthPlace& place, const std::string& name) {
  const std::string text = TRY(read_auth_place(place));
  const Found found = TRY_IN(place.path, look_up(text, place.format, name));
  if (const auto* credentials = std::get_if<Credentials>(&found)) return *credentials;
  if (const auto* use = std::get_if<HelperUse>(&found)) return TRY_IN(place.path, helper_get(*use));
  return std::nullopt;
}

Result<std::optional<Credentials>> from_files(const Options& options, const std::string& name) {
  for (const AuthPlace& place : auth_places(options.auth_file)) {
    if (place.is_asked_for && !kernel::exists(place.path)) {
      errno = ENOENT;
      return fail(os_error("open", place.path));
    }
    if (auto found = TRY(from_place(place, name))) return found;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<Credentials>> find_credentials(const Options& options, const RegistriesConf& conf,
                                                    const std::string& name) {
  if (options.credentials) return options.credentials;
  for (const std::string& helper : conf.credential_helpers.value_or(std::vector<std::string>{kAuthFiles})) {
    std::optional<Credentials> found;
    if (helper == kAuthFiles) {
      found = TRY_IN("credentials", from_files(options, name));
    } else {
      found = TRY_IN("credentials", helper_get({.helper = helper, .server = std::string(cut(name, '/').head)}));
    }
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace caisson::registry
