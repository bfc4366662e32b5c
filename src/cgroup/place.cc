#include "cgroup/place.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::cgroup {

namespace {

std::string above(const std::string& path) { return path.substr(0, std::min(path.rfind('/'), path.size())); }

// What --cgroup says of one hierarchy, below the container's directory there.
Result<std::string> below(const std::string& directory, std::string_view path) {
  const std::optional<std::string> clean = clean_path(path);
  if (!clean) return fail(complaint(fmt::format("bad sub cgroup path: {}", path)));
  return directory + (*clean == "/" ? "" : *clean);
}

Error invalid(std::string_view option, std::string_view why) {
  return complaint(fmt::format("invalid --cgroup argument: {}{}", option, why));
}

// "memory" is the hierarchy that has it; the name of none is nobody's.
Result<std::size_t> index_of(std::string_view controller, const std::vector<std::string>& directories,
                             const HostFacts& facts) {
  const CgroupHierarchy* hierarchy = controller.empty() ? nullptr : facts.hierarchy(controller);
  const std::string* directory = hierarchy == nullptr ? nullptr : directory_in(*hierarchy, directories);
  if (directory == nullptr) {
    return fail(complaint(fmt::format("unknown controller {} in --cgroup", controller),
                          "the container has no cgroup of such a controller"));
  }
  return static_cast<std::size_t>(directory - directories.data());
}

}  // namespace

std::optional<std::string> clean_path(std::string_view path) {
  const bool plain = std::none_of(path.begin(), path.end(), [](char c) { return c == '\0' || c == '\n'; });
  if (!plain) return std::nullopt;
  std::string clean;
  for (const std::string_view component : split(path, '/')) {
    if (component == "..") return std::nullopt;
    if (!component.empty() && component != ".") clean += fmt::format("/{}", component);
  }
  return clean.empty() ? "/" : clean;
}

Result<Place> place_of(const std::string& cgroups_path, const std::string& id, const HostFacts& facts) {
  Place place{.paths = {}, .is_default = cgroups_path.empty()};
  const std::optional<std::string> clean = clean_path(place.is_default ? id : cgroups_path);
  if (!clean || *clean == "/") {
    return fail(in("linux.cgroupsPath",
                   complaint(fmt::format("not a path below the root of each hierarchy: '{}'", cgroups_path),
                             "as in \"/caisson/NAME\", without \"..\"")));
  }
  const bool absolute = cgroups_path.starts_with('/');
  for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
    std::string start;
    if (!absolute) start = hierarchy.unified ? above(hierarchy.caller) : hierarchy.caller;
    place.paths.push_back(start + *clean);
  }
  return place;
}

const std::string* directory_in(const CgroupHierarchy& hierarchy, const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    // v2's "/sys/fs/cgroup" begins the paths of v1 as well, but where it is mounted there they are not.
    if (directory.starts_with(hierarchy.path + "/")) return &directory;
  }
  return nullptr;
}

Place place_in(const std::vector<std::string>& directories, const HostFacts& facts) {
  Place place;
  for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
    const std::string* directory = directory_in(hierarchy, directories);
    place.paths.push_back(directory == nullptr ? "" : directory->substr(hierarchy.path.size()));
  }
  return place;
}

Result<std::vector<std::string>> sub_cgroups(const std::vector<std::string>& options,
                                             const std::vector<std::string>& directories, const HostFacts& facts) {
  std::vector<std::string> joined = directories;
  for (const std::string& option : options) {
    const std::vector<std::string_view> parts = split(option, ':');
    if (parts.size() > 2) return fail(invalid(option, ""));
    if (parts.size() == 2) {
      for (const std::string_view controller : split(parts[0], ',')) {
        const std::size_t index = TRY(index_of(controller, directories, facts));
        joined[index] = TRY(below(directories[index], parts[1]));
      }
      continue;
    }
    if (options.size() != 1) return fail(invalid(option, " (missing <controller>: prefix)"));
    for (std::string& directory : joined) directory = TRY(below(directory, option));
  }
  return joined;
}

}  // namespace caisson::cgroup
