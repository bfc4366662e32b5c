#include "engine/places.h"

#include <unistd.h>

#include <array>
#include <climits>

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

Result<void> make_absolute(Places& places) {
  places.root = TRY_IN("--root", absolute(places.root));
  places.runroot = TRY_IN("--runroot", absolute(places.runroot));
  return {};
}

}  // namespace caisson::engine
