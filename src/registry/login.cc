#include "registry/login.h"

#include <fcntl.h>
#include <sys/file.h>

#include <variant>

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"
#include "image/reference.h"
#include "kernel/files.h"
#include "registry/credential_helper.h"
#include "registry/files.h"
#include "registry/session.h"

namespace caisson::registry {

namespace {

constexpr mode_t kOwnerAlone = 0600;
constexpr mode_t kOwnersDirectory = 0700;

// A file of credentials that nobody else of caisson's changes meanwhile.
class LockedFile {
 public:
  static Result<LockedFile> open(AuthPlace place) {
    // What it is a link to is replaced, not the link.
    if (Result<std::string> real = kernel::absolute_path(place.path)) place.path = *std::move(real);
    const std::size_t slash = place.path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : place.path.substr(0, slash + 1);
    TRY(kernel::make_directories(
        directory == "/" ? directory : directory.substr(0, directory.find_last_not_of('/') + 1), kOwnersDirectory));
    Fd lock = TRY(kernel::open_file(directory, O_RDONLY | O_DIRECTORY));
    while (::flock(lock.get(), LOCK_EX) != 0) {
      if (errno != EINTR) return fail(os_error("flock", directory));
    }
    std::string text = TRY(read_auth_place(place));
    return LockedFile(std::move(place.path), std::move(text), std::move(lock));
  }

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }
  Result<> replace(std::string_view text) const { return kernel::replace_file(path_, text, kOwnerAlone); }

 private:
  LockedFile(std::string path, std::string text, Fd lock)
      : path_(std::move(path)), text_(std::move(text)), lock_(std::move(lock)) {}

  std::string path_;
  std::string text_;
  Fd lock_;
};

Result<LockedFile> own_file(const Options& options) { return LockedFile::open(auth_places(options.auth_file).front()); }

// Where else credentials for `key` are.
Result<std::string> other_place(const std::string& key, const Options& options) {
  const std::vector<AuthPlace> places = auth_places(options.auth_file);
  for (std::size_t i = 1; i < places.size(); ++i) {
    const Found found = TRY(look_up(TRY(read_auth_place(places[i])), places[i].format, key));
    if (!std::holds_alternative<std::monostate>(found)) return places[i].path;
  }
  return std::string();
}

}  // namespace

Result<std::string> login_key(std::string_view text) {
  std::string key(text.empty() ? "docker.io" : text);
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key = cut(key.substr(scheme.size()), '/').head;
  }
  while (key.ends_with('/')) key.pop_back();
  const Result<image::Reference> reference = image::parse_reference(key + "/image");
  if (!reference || image::is_short_name(key + "/image") || !reference->tag.empty() || !reference->digest.empty()) {
    return fail(complaint(fmt::format("{} is not the name of a registry", image::quoted_name(text))));
  }
  const Cut pieces = cut(key, '/');
  return reference->domain + (pieces.tail ? fmt::format("/{}", *pieces.tail) : "");
}

Result<std::string> login(const std::string& key, const Credentials& credentials, const Options& options) {
  Options with_credentials_given = options;
  with_credentials_given.credentials = credentials;
  const RegistriesConf conf = TRY(read_registries_conf());
  const image::Reference reference = TRY(image::parse_reference(key + "/image"));
  const Endpoint endpoint = TRY(push_endpoint(conf, reference));
  TRY(TRY(Session::open(with_credentials_given, conf, endpoint))->check_credentials());

  const LockedFile file = TRY(own_file(options));
  if (const auto use = TRY_IN(file.path(), helper_for(file.text(), key))) {
    TRY(helper_store(*use, credentials));
    return "docker-credential-" + use->helper;
  }
  TRY(file.replace(TRY_IN(file.path(), with_credentials(file.text(), key, credentials))));
  return file.path();
}

Result<std::string> logout(const std::string& key, const Options& options) {
  const LockedFile file = TRY(own_file(options));
  if (const auto use = TRY_IN(file.path(), helper_for(file.text(), key))) {
    TRY(helper_erase(*use));
    return "docker-credential-" + use->helper;
  }
  const auto without = TRY_IN(file.path(), without_credentials(file.text(), key));
  if (without) {
    TRY(file.replace(*without));
    return file.path();
  }
  const std::string other = TRY(other_place(key, options));
  return fail(complaint(fmt::format("there is no login for {} in {}", key, file.path()),
                        other.empty() ? "" : fmt::format("{} has one: --authfile {}", other, other)));
}

Result<std::vector<std::string>> logout_of_all(const Options& options) {
  const LockedFile file = TRY(own_file(options));
  std::vector<std::string> keys = TRY_IN(file.path(), keys_in(file.text()));
  std::string text = file.text();
  for (const std::string& key : keys) {
    if (const auto use = TRY(helper_for(text, key))) TRY(helper_erase(*use));
    if (auto without = TRY(without_credentials(text, key))) text = *std::move(without);
  }
  if (text != file.text()) TRY(file.replace(text));
  return keys;
}

}  // namespace caisson::registry
