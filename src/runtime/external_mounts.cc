#include "runtime/external_mounts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/place.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::runtime {

namespace {

constexpr std::string_view kNull = "/dev/null";
constexpr std::string_view kConsole = "/dev/console";

bool is_bind(const spec::Mount& mount) {
  const auto& options = mount.options;
  return mount.type == "bind" || mount.type == "rbind" ||
         std::find(options.begin(), options.end(), "bind") != options.end() ||
         std::find(options.begin(), options.end(), "rbind") != options.end();
}

bool has_namespace(const spec::Config& config, spec::NamespaceType type) {
  const auto& namespaces = config.linux_.namespaces;
  return std::any_of(namespaces.begin(), namespaces.end(), [&](const spec::Namespace& n) { return n.type == type; });
}

// "\040" is a space.
std::string unescape(std::string_view word) {
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto code = word[i] == '\\' && i + 3 < word.size() ? parse_octal(word.substr(i + 1, 3)) : std::nullopt;
    text += code ? static_cast<char>(*code) : word[i];
    if (code) i += 3;
  }
  return text;
}

// What is mounted where, as one process sees it.
class View {
 public:
  View(Fd root, std::vector<MountLine> mounts) : root_(std::move(root)), mounts_(std::move(mounts)) {}

  /// The mount that `path` leads to, if it leads to a mount point.
  const MountLine* at(const std::string& path) const {
    const Fd found(kernel::open_in_root(root_.get(), path.c_str(), O_PATH));
    if (!found) return nullptr;
    const std::string id = id_of(found);
    const auto mount =
        std::find_if(mounts_.begin(), mounts_.end(), [&](const MountLine& line) { return line.id == id; });
    return mount == mounts_.end() || !is_its_root(*mount, found) ? nullptr : &*mount;
  }
  bool is_directory(const std::string& path) const {
    const Fd found(kernel::open_in_root(root_.get(), path.c_str(), O_PATH));
    struct stat status{};
    return found && ::fstat(found.get(), &status) == 0 && S_ISDIR(status.st_mode);
  }
  const std::vector<MountLine>& all() const { return mounts_; }

 private:
  static std::string id_of(const Fd& file) {
    const std::string info = kernel::read_file(fmt::format("/proc/self/fdinfo/{}", file.get())).value_or("");
    for (const std::string_view line : split(info, '\n')) {
      if (line.starts_with("mnt_id:")) return std::string(line.substr(line.find_first_not_of(" \t", 7)));
    }
    return {};
  }
  // The file and what lies at its mount's point are the same.
  bool is_its_root(const MountLine& mount, const Fd& file) const {
    const Fd point(kernel::open_in_root(root_.get(), mount.point.c_str(), O_PATH));
    struct stat one{}, other{};
    return point && ::fstat(point.get(), &one) == 0 && ::fstat(file.get(), &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
  }

  Fd root_;
  std::vector<MountLine> mounts_;
};

Result<View> view_of(pid_t pid, std::string_view mountinfo) {
  return View(TRY(kernel::open_file(fmt::format("/proc/{}/root", pid), O_PATH | O_DIRECTORY)),
              read_mountinfo(mountinfo));
}

// "/a//b/" → "/a/b".
std::string place(const std::string& destination) { return cgroup::clean_path(destination).value_or(destination); }

std::string host_cgroup_name(const CgroupHierarchy& hierarchy, const std::string& destination) {
  return hierarchy.unified ? destination : destination + hierarchy.path.substr(hierarchy.path.rfind('/'));
}

// Where `destination` is made: in the root file system, or in the source of the bind mount that it is in; nothing where
// that is another file system.
struct Ground {
  std::string directory;
  std::string path;
};
std::optional<Ground> ground_of(const spec::Config& config, std::size_t mount) {
  const std::string destination = place(config.mounts[mount].destination);
  Ground ground{config.root.path, destination};
  std::size_t longest = 0;
  bool is_made = true;
  for (std::size_t i = 0; i < mount; ++i) {
    const std::string above = place(config.mounts[i].destination);
    if (!destination.starts_with(above + "/") || above.size() < longest) continue;
    longest = above.size();
    is_made = is_bind(config.mounts[i]);
    ground = {config.mounts[i].source, destination.substr(above.size())};
  }
  return is_made ? std::optional<Ground>(std::move(ground)) : std::nullopt;
}

// Where the links of its root file system lead a destination to.
std::string resolved(const Fd& root, const std::string& destination) {
  const Fd found(kernel::open_in_root(root.get(), destination.c_str(), O_PATH));
  const std::string top = kernel::read_link(fmt::format("/proc/self/fd/{}", root.get())).value_or("");
  if (!found) return place(destination);
  const std::string path = kernel::read_link(fmt::format("/proc/self/fd/{}", found.get())).value_or("");
  return top.size() > 1 && path.starts_with(top + "/") ? path.substr(top.size()) : place(destination);
}

}  // namespace

std::vector<MountLine> read_mountinfo(std::string_view text) {
  constexpr std::size_t kId = 0, kPoint = 4;
  std::vector<MountLine> mounts;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() <= kPoint || words.end() - dash < 2) continue;
    mounts.push_back({std::string(words[kId]), unescape(words[kPoint]), std::string(dash[1])});
  }
  return mounts;
}

Result<std::vector<ExternalMount>> mounts_to_dump(const spec::Config& config, pid_t pid, std::string_view mountinfo) {
  const View view = TRY(view_of(pid, mountinfo));
  std::vector<ExternalMount> mounts;
  const auto add = [&](const std::string& point, std::string_view name) {
    const auto known = [&](const ExternalMount& mount) { return mount.first == point; };
    if (std::none_of(mounts.begin(), mounts.end(), known)) mounts.push_back({point, std::string(name)});
  };
  for (const spec::Mount& mount : config.mounts) {
    const MountLine* found = is_bind(mount) ? view.at(mount.destination) : nullptr;
    if (found != nullptr) add(found->point, found->point);
    if (mount.type != "cgroup" || has_namespace(config, spec::NamespaceType::kCgroup)) continue;
    for (const MountLine& line : view.all()) {
      if (line.type.starts_with("cgroup") && (line.point + "/").starts_with(place(mount.destination) + "/"))
        add(line.point, line.point);
    }
  }
  for (const std::string& path : config.linux_.masked_paths) {
    const MountLine* found = view.at(path);
    if (found != nullptr && !view.is_directory(path)) add(found->point, kNull);
  }
  for (const spec::Device& device : config.linux_.devices) {
    if (const MountLine* found = view.at(device.path)) add(found->point, found->point);
  }
  const MountLine* console = view.at(std::string(kConsole));
  if (console != nullptr && console->type == "devpts") add(console->point, kConsole);
  return mounts;
}

Result<std::vector<ExternalMount>> mounts_to_restore(const spec::Config& config, const HostFacts& facts,
                                                     const std::vector<std::string>& cgroup_directories,
                                                     const std::string& console) {
  const Fd root = TRY(kernel::open_file(config.root.path.empty() ? "/" : config.root.path, O_PATH | O_DIRECTORY));
  std::vector<ExternalMount> mounts;
  for (const spec::Mount& mount : config.mounts) {
    if (is_bind(mount)) mounts.push_back({resolved(root, mount.destination), mount.source});
    if (mount.type != "cgroup" || has_namespace(config, spec::NamespaceType::kCgroup)) continue;
    for (const CgroupHierarchy& hierarchy : facts.hierarchies) {
      const std::string* directory = cgroup::directory_in(hierarchy, cgroup_directories);
      if (directory != nullptr) mounts.push_back({host_cgroup_name(hierarchy, place(mount.destination)), *directory});
    }
  }
  if (!config.linux_.masked_paths.empty()) mounts.push_back({std::string(kNull), std::string(kNull)});
  for (const spec::Device& device : config.linux_.devices) mounts.push_back({place(device.path), device.path});
  if (!console.empty()) mounts.push_back({std::string(kConsole), console});
  return mounts;
}

Result<> make_mount_points(const spec::Config& config) {
  for (std::size_t i = 0; i < config.mounts.size(); ++i) {
    const spec::Mount& mount = config.mounts[i];
    const std::optional<Ground> ground = ground_of(config, i);
    if (!ground || ground->directory.empty()) continue;
    const std::string item = fmt::format("mounts[{}]", i);
    const Fd top = TRY_IN(item, kernel::open_file(ground->directory, O_PATH | O_DIRECTORY));
    const auto source = is_bind(mount) ? kernel::status_of(mount.source) : std::nullopt;
    if (is_bind(mount) && !source) return fail(in(item + ".source", os_error("stat", mount.source)));
    const auto what = source && !S_ISDIR(source->st_mode) ? kernel::Make::kFile : kernel::Make::kDirectory;
    const Fd made(kernel::make_in_root(top.get(), ground->path.c_str(), what));
    if (!made) return fail(in(item + ".destination", os_error("mkdir", mount.destination)));
  }
  return {};
}

}  // namespace caisson::runtime
