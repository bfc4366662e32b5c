#include "runtime/bundle.h"

#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "kernel/files.h"
#include "spec/problem.h"

namespace caisson::runtime {

namespace {

std::string below(const std::string& directory, const std::string& path) {
  return path.starts_with('/') ? path : directory + "/" + path;
}

bool is_bind(const spec::Mount& mount) {
  return mount.type == "bind" || mount.type == "rbind" ||
         std::any_of(mount.options.begin(), mount.options.end(),
                     [](const std::string& option) { return option == "bind" || option == "rbind"; });
}

Result<> check_root(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail(in("root.path", os_error("lstat", path)));
  if (S_ISLNK(status.st_mode))
    return fail(complaint(fmt::format("invalid rootfs: not an absolute path, or a symlink: {}", path)));
  if (!S_ISDIR(status.st_mode)) return fail(in("root.path", complaint(fmt::format("{} is not a directory", path))));
  return {};
}

// A destination that is written as the host sees it, which runc takes too.
std::string inside(std::string_view root, const std::string& destination) {
  while (root.ends_with('/')) root.remove_suffix(1);
  const bool is_below =
      !root.empty() && destination.starts_with(root) && destination.substr(root.size()).starts_with('/');
  return is_below ? destination.substr(root.size()) : destination;
}

Result<Bundle> read(std::string directory, const std::string& path, spec::Strictness strictness) {
  Bundle bundle{.directory = std::move(directory)};
  bundle.text = TRY(kernel::read_file(path));
  spec::Reading reading = spec::read_config(bundle.text, strictness);
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, path));
  for (const spec::Problem& problem : reading.findings.warnings)
    bundle.warnings.push_back(fmt::format("{}: {}", path, problem.line()));
  bundle.config = std::move(reading.config);
  // As runc: who asks for no capabilities has none.
  if (!bundle.config.process.capabilities) bundle.config.process.capabilities.emplace();
  if (!bundle.config.root.path.empty()) bundle.config.root.path = below(bundle.directory, bundle.config.root.path);
  for (spec::Mount& mount : bundle.config.mounts) {
    mount.destination = inside(bundle.config.root.path, mount.destination);
    if (is_bind(mount)) mount.source = below(bundle.directory, mount.source);
  }
  return bundle;
}

}  // namespace

Result<Bundle> read_bundle(const std::string& directory, const std::string& config_file, spec::Strictness strictness) {
  const std::string absolute = TRY(kernel::absolute_path(directory));
  Bundle bundle = TRY(read(absolute, config_file.empty() ? absolute + "/config.json" : config_file, strictness));
  std::string& root = bundle.config.root.path;
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  if (!root.empty()) TRY(check_root(root));
  return bundle;
}

Result<Bundle> reread_bundle(const std::string& directory, const std::string& config_file) {
  return read(directory, config_file, spec::Strictness::kLenient);  // the directory itself may be gone by now
}

}  // namespace caisson::runtime
