#include "engine/places.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "kernel/files.h"

namespace caisson::engine {

namespace {

Result<std::string> absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::array<char, PATH_MAX> directory;
  if (::getcwd(directory.data(), directory.size()) == nullptr) return fail(os_error("getcwd", path));
  return std::string(directory.data()) + "/" + path;
}

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

Result<void> find_parts(Places& places, const std::string& called_as) {
  places.program = TRY(kernel::read_link("/proc/self/exe"));
  // The kernel calls a file that is a mount of its own, attached nowhere, "/".
  const bool nameless = places.program == "/" || !kernel::exists(places.program);
  if (nameless && called_as.starts_with('/')) places.program = called_as;
  const std::string prefix = parent(parent(places.program));
  places.libexec = prefix + "/libexec/caisson";
  places.share = prefix + "/share/caisson";
  return {};
}

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value != '/' ? std::string() : value;
}

// Anybody may make things in /tmp: what is there has to be a directory of this user's that nobody else may enter.
Result<std::string> private_directory(const std::string& path) {
  struct stat status{};
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(os_error("mkdir", path));
  if (::lstat(path.c_str(), &status) != 0) return fail(os_error("lstat", path));
  if (S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 077U) == 0) return path;
  return fail(complaint(path + " is not a directory of this user alone",
                        "remove it, or set XDG_RUNTIME_DIR, or give --runroot"));
}

bool is_own_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
}

}  // namespace

Result<void> find_defaults(Places& places) {
  if (::geteuid() == 0) {
    if (places.root.empty()) places.root = "/var/lib/caisson";
    if (places.runroot.empty()) places.runroot = "/run/caisson";
    return {};
  }
  if (places.root.empty()) {
    const std::string data = variable("XDG_DATA_HOME");
    const std::string home = variable("HOME");
    if (data.empty() && home.empty())
      return fail(complaint("HOME is not set, so there is no place for containers", "--root gives one"));
    places.root = (data.empty() ? home + "/.local/share" : data) + "/caisson";
  }
  if (places.runroot.empty()) {
    const std::string runtime = variable("XDG_RUNTIME_DIR");
    places.runroot = !runtime.empty() && is_own_directory(runtime)
                         ? runtime + "/caisson"
                         : TRY(private_directory("/tmp/caisson-" + std::to_string(::geteuid())));
  }
  return {};
}

Result<void> make_absolute(Places& places) {
  places.root = TRY_IN("--root", absolute(places.root));
  places.runroot = TRY_IN("--runroot", absolute(places.runroot));
  return {};
}

}  // namespace caisson::engine
