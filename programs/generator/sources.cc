#include "sources.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::generator {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1U << 20;  // of a file

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool podman_has_one(Scope scope) {
  const std::string name = scope == Scope::kUser ? "user" : "system";
  for (const char* top : {"/usr/lib", "/usr/local/lib", "/etc", "/lib"}) {
    if (kernel::exists(fmt::format("{}/systemd/{}-generators/podman-{}-generator", top, name, name))) return true;
  }
  return false;
}

/// The name of each drop-in → it.
using DropIns = std::map<std::string, fs::path>;

struct Found {
  fs::path path;     // the file
  DropIns drop_ins;  // of all directories
};

bool is_users(const fs::path& path) { return path.filename() == "users"; }

void look_at(const fs::path& path, std::map<std::string, Found>& found) {
  const std::string name = path.filename().string();
  const std::string parent = path.parent_path().filename().string();
  if (name.ends_with(".conf") && parent.ends_with(".d") &&
      units::is_quadlet_name(parent.substr(0, parent.size() - 2))) {
    found[parent.substr(0, parent.size() - 2)].drop_ins.try_emplace(name, path);
  } else if (units::is_quadlet_name(name) && found[name].path.empty()) {
    found[name].path = path;
  }
}

void look_through(const std::string& directory, Scope scope, std::map<std::string, Found>& found,
                  std::vector<std::string>& problems) {
  std::error_code error;
  // In the order of the names: which of two files counts does not depend on the file system.
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    // …/systemd/users is for the users' own systemd.
    if (at->is_directory(error) && scope == Scope::kSystem && at.depth() == 0 && is_users(at->path()))
      at.disable_recursion_pending();
    if (at->is_regular_file(error)) paths.push_back(at->path());
    error.clear();
  }
  if (error && error != std::errc::no_such_file_or_directory)
    problems.push_back(fmt::format("{}: {}", directory, error.message()));
  std::ranges::sort(paths);
  for (const fs::path& path : paths) look_at(path, found);
}

void read_into(const fs::path& path, std::vector<units::QuadletText>& texts, std::vector<std::string>& problems) {
  Result<std::string> text = kernel::read_file(path.string(), kMostBytes);
  if (text) {
    texts.push_back({path.string(), std::move(*text)});
  } else {
    problems.push_back(text.error().text());
  }
}

}  // namespace

std::vector<std::string> source_directories(Scope scope) {
  std::vector<std::string> directories;
  if (const std::string given = variable("QUADLET_UNIT_DIRS"); !given.empty()) {
    for (const std::string_view directory : split(given, ':')) directories.emplace_back(directory);
    return directories;
  }
  std::vector<std::string> tops;
  std::vector<std::string> below = {"caisson/systemd"};
  if (!podman_has_one(scope)) below.emplace_back("containers/systemd");
  if (scope == Scope::kSystem) {
    for (const char* top : {"/run/", "/etc/", "/usr/share/"}) {
      for (const std::string& each : below) directories.push_back(top + each);
    }
    return directories;
  }
  if (const std::string runtime = variable("XDG_RUNTIME_DIR"); !runtime.empty()) tops.push_back(runtime + "/");
  const std::string config = variable("XDG_CONFIG_HOME");
  if (!config.empty()) tops.push_back(config + "/");
  if (config.empty() && !variable("HOME").empty()) tops.push_back(variable("HOME") + "/.config/");
  for (const std::string& top : tops) {
    for (const std::string& each : below) directories.push_back(top + each);
  }
  for (const std::string& each : below) {
    directories.push_back(fmt::format("/etc/{}/users/{}", each, ::getuid()));
    directories.push_back(fmt::format("/usr/share/{}/users/{}", each, ::getuid()));
  }
  return directories;
}

Sources find_sources(Scope scope, const std::vector<std::string>& directories) {
  Sources sources;
  std::map<std::string, Found> found;
  for (const std::string& directory : directories) look_through(directory, scope, found, sources.problems);
  for (const auto& [name, each] : found) {
    if (each.path.empty()) continue;  // drop-ins of nothing
    std::vector<units::QuadletText> texts;
    read_into(each.path, texts, sources.problems);
    if (texts.empty()) continue;
    for (const auto& [_, path] : each.drop_ins) read_into(path, texts, sources.problems);
    sources.files.emplace(name, std::move(texts));
  }
  return sources;
}

}  // namespace caisson::generator
