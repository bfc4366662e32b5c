#include "image/lower_trees.h"

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "image/entry_name.h"
#include "image/layers.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// How one tree answers for a directory.
struct Answer {
  Fd directory;        // if the tree has it
  bool hides = false;  // the directory, or one it lies in, from the trees below
};

// For `path` below the directory `at` of the tree.
Result<Answer> ask(Fd at, std::string_view path) {
  while (!path.empty()) {
    const Cut component = cut(path, '/');
    Fd next(::openat(at.get(), std::string(component.head).c_str(), kDirectory));
    if (!next && errno == ENOENT) return Answer{};
    if (!next && (errno == ENOTDIR || errno == ELOOP)) return Answer{.directory = {}, .hides = true};
    if (!next) return fail(os_error("openat", component.head));
    at = std::move(next);
    path = component.tail.value_or("");
  }
  return Answer{.directory = std::move(at), .hides = false};
}

}  // namespace

Result<const std::vector<Fd>*> LowerTrees::directory(const std::string& path) {
  if (complete_) {
    trees_ = TRY(complete_());
    complete_ = {};
  }
  if (asked_ == path) return &answer_;
  std::vector<Fd> from;
  std::string_view left = path;
  if (asked_ && !asked_->empty() && left.starts_with(*asked_) && left[asked_->size()] == '/') {
    from = std::move(answer_);  // it lies in the one that was asked for last
    left.remove_prefix(asked_->size() + 1);
  } else {
    for (const std::string& tree : trees_) from.push_back(TRY(kernel::open_file(tree, O_RDONLY | O_DIRECTORY)));
  }
  asked_.reset();
  answer_.clear();
  for (Fd& start : from) {
    Answer answer = TRY_IN(path, ask(std::move(start), left));
    if (answer.directory) answer_.push_back(std::move(answer.directory));
    if (answer.hides) break;
  }
  asked_ = path;
  return &answer_;
}

Result<std::optional<LowerTrees::File>> LowerTrees::find(const std::string& path) {
  const Place place = place_of(path);
  for (const Fd& directory : *TRY(this->directory(place.directory))) {
    File file{.directory = directory.get(), .base = place.base.empty() ? "." : place.base, .status = {}};
    if (::fstatat(file.directory, file.base.c_str(), &file.status, AT_SYMLINK_NOFOLLOW) == 0) {
      if (is_whiteout(file.status)) return std::nullopt;
      return file;
    }
    if (errno != ENOENT) return fail(os_error("fstatat", path));
  }
  return std::nullopt;
}

}  // namespace caisson::image
