#include "changes/list_changes.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <vector>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "image/entry_name.h"
#include "image/layers.h"
#include "image/lower_trees.h"
#include "image/metadata.h"
#include "image/quoted.h"
#include "kernel/files.h"

namespace caisson::changes {

namespace {

bool is_same_time(const struct timespec& a, const struct timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

class Comparison {
 public:
  Comparison(const ContainerTree& tree, Fd upper, std::set<std::string> left_out, const TellChange& tell)
      : upper_(std::move(upper)), lower_(tree.lower), notes_(tree.notes), left_out_(std::move(left_out)), tell_(tell) {}

  Result<> run() {
    Fd root = archive::open_in_tree(upper_.get(), "", O_RDONLY | O_DIRECTORY);
    if (!root) return fail(os_error("openat2", "the upper directory"));
    TRY(enter("", std::move(root), {.is_told = true}));
    while (!levels_.empty()) TRY(step());
    return {};
  }

 private:
  // A directory of the upper layer. Its descriptor is closed while one in it is looked through.
  struct Level {
    std::string path = {};
    std::vector<std::string> names = {};  // sorted backwards: the next one is the last
    Fd directory = {};
    bool is_told = false;    // or need not be: the root
    bool is_opaque = false;  // nothing of the layers below is shown in it
  };

  Result<> enter(std::string path, Fd directory, Level level) {
    if (!levels_.empty()) levels_.back().directory = Fd();
    level.names = TRY(kernel::names_in(directory, path));
    if (level.is_opaque) TRY(add_names_below(path, level.names));
    std::ranges::sort(level.names, std::greater());
    const auto again = std::ranges::unique(level.names);
    level.names.erase(again.begin(), again.end());
    level.path = std::move(path);
    level.directory = std::move(directory);
    levels_.push_back(std::move(level));
    return {};
  }

  Result<> add_names_below(const std::string& path, std::vector<std::string>& names) {
    for (const Fd& directory : *TRY(lower_.directory(path))) {
      // Opened anew: a descriptor has one place in the directory that it reads.
      const Fd fresh = archive::open_in_tree(directory.get(), "", O_RDONLY | O_DIRECTORY);
      if (!fresh) return fail(os_error("openat2", path));
      std::vector<std::string> more = TRY(kernel::names_in(fresh, path));
      std::ranges::move(more, std::back_inserter(names));
    }
    return {};
  }

  Result<> step() {
    Level& level = levels_.back();
    if (level.names.empty()) {
      levels_.pop_back();
      return {};
    }
    if (!level.directory) level.directory = archive::open_in_tree(upper_.get(), level.path, O_RDONLY | O_DIRECTORY);
    if (!level.directory) {
      if (!archive::is_gone(errno)) return fail(os_error("openat2", level.path));
      levels_.pop_back();
      return {};
    }
    const std::string base = std::move(level.names.back());
    level.names.pop_back();
    const std::string path = image::joined(level.path, base);
    if (left_out_.contains(path)) return {};
    TRY_IN(image::quoted_name(path), one(level, base, path));
    return {};
  }

  Result<> one(const Level& level, const std::string& base, const std::string& path) {
    if (path.size() >= PATH_MAX - 1) return fail(complaint("its path is too long"));
    struct stat status{};
    const bool there = ::fstatat(level.directory.get(), base.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT) return fail(os_error("fstatat", path));
    const std::optional<image::LowerTrees::File> below = TRY(lower_.find(path));
    if (!there || image::is_whiteout(status)) {
      // Where nothing is below, it is a whiteout of what is gone itself; or it went away meanwhile.
      const bool hides = there || level.is_opaque;
      return below && hides ? tell(ChangeKind::kDeleted, path) : Result<>();
    }
    const bool is_told = !below || TRY(differs(level.directory.get(), base, status, *below));
    const int directory = level.directory.get();
    const bool opaque = level.is_opaque || archive::is_opaque(directory, base, notes_);
    Fd inside;
    if (S_ISDIR(status.st_mode)) inside = archive::open_in_tree(directory, base, O_RDONLY | O_DIRECTORY);
    if (is_told) TRY(tell(below ? ChangeKind::kChanged : ChangeKind::kAdded, path));
    if (!inside) return {};
    return enter(path, std::move(inside), {.is_told = is_told, .is_opaque = opaque});
  }

  Result<bool> differs(int directory, const std::string& base, const struct stat& status,
                       const image::LowerTrees::File& below) {
    const struct stat& other = below.status;
    if (status.st_mode != other.st_mode || status.st_uid != other.st_uid || status.st_gid != other.st_gid ||
        status.st_rdev != other.st_rdev)
      return true;
    if (!S_ISDIR(status.st_mode) && (status.st_size != other.st_size || !is_same_time(status.st_mtim, other.st_mtim)))
      return true;
    const Result<image::Metadata> now = image::read_metadata(directory, base, status);
    if (!now && archive::is_gone(now.error().number)) return true;
    if (!now) return fail(now.error());
    image::Attributes attributes = now->attributes;
    image::Attributes before = TRY(image::read_metadata(below.directory, below.base, other)).attributes;
    std::ranges::sort(attributes);
    std::ranges::sort(before);
    return attributes != before;
  }

  // The directories that it lies in have changed with it.
  Result<> tell(ChangeKind kind, const std::string& path) {
    for (Level& level : levels_) {
      if (!level.is_told) TRY(tell_(ChangeKind::kChanged, "/" + level.path));
      level.is_told = true;
    }
    return tell_(kind, "/" + path);
  }

  Fd upper_;
  image::LowerTrees lower_;
  archive::OverlayNotes notes_;
  std::set<std::string> left_out_;
  const TellChange& tell_;
  std::vector<Level> levels_;
};

}  // namespace

Result<> list_changes(const ContainerTree& tree, const TellChange& tell) {
  std::set<std::string> left_out = TRY(made_mount_points(tree));
  Fd upper = TRY(kernel::open_file(tree.upper, O_PATH | O_DIRECTORY));
  return Comparison(tree, std::move(upper), std::move(left_out), tell).run();
}

}  // namespace caisson::changes
