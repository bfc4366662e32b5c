#include "image/entry_name.h"

#include <limits.h>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::image {

Result<std::string> normal_name(std::string_view name) {
  if (name.empty()) return fail(complaint("an entry has an empty name"));
  if (name.find('\0') != std::string_view::npos) return fail(complaint("the name has a NUL byte in it"));
  std::string normal;
  normal.reserve(name.size());
  while (!name.empty()) {
    const Cut component = cut(name, '/');
    name = component.tail.value_or("");
    if (component.head.empty() || component.head == ".") continue;
    if (component.head == "..") return fail(complaint("the name has a '..' in it, which could lead out of the root"));
    if (!normal.empty()) normal += '/';
    normal += component.head;
  }
  if (normal.size() >= PATH_MAX) return fail(complaint(fmt::format("the name has more than {} bytes", PATH_MAX - 1)));
  return normal;
}

Place place_of(const std::string& normal_name) {
  const std::size_t slash = normal_name.rfind('/');
  if (slash == std::string::npos) return {.directory = {}, .base = normal_name};
  return {.directory = normal_name.substr(0, slash), .base = normal_name.substr(slash + 1)};
}

std::string joined(const std::string& directory, const std::string& base) {
  return directory.empty() ? base : directory + "/" + base;
}

}  // namespace caisson::image
