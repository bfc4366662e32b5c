#include "image/directories.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/text.h"
#include "image/acl.h"
#include "image/cover.h"
#include "image/entry_name.h"
#include "image/layers.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr mode_t kModeMeanwhile = 0700;
constexpr std::size_t kOpenLevels = 32;  // descriptors that are held, however deep the tree is
constexpr int kMostLinks = 40;           // as for the kernel
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// All attributes of a directory that is made once more.
void remove_attributes(int fd) {
  if (::flistxattr(fd, nullptr, 0) <= 0) return;
  std::string names(XATTR_LIST_MAX, '\0');
  const ssize_t length = ::flistxattr(fd, names.data(), names.size());
  for (ssize_t at = 0; at < length; at += static_cast<ssize_t>(std::strlen(names.data() + at)) + 1) {
    (void)::fremovexattr(fd, names.data() + at);  // those of security modules stay
  }
}

std::optional<std::string> default_acl(int fd) {
  std::string value(XATTR_SIZE_MAX, '\0');
  const ssize_t length = ::fgetxattr(fd, kDefaultAclAttribute, value.data(), value.size());
  if (length <= 0) return std::nullopt;
  value.resize(static_cast<std::size_t>(length));
  return value;
}

}  // namespace

// A path on its way, which links that are followed make longer.
struct Directories::Walk {
  std::string left;              // of the path
  std::size_t own_bytes;         // at the end of `left`: the path's own; what comes before is a link's
  const struct timespec* mtime;  // of what is made; null where nothing is to be made
  int links = 0;
  std::string last_link = {};
};

Directories::Directories(Fd root, MetadataWriter& writer, LowerTrees& lower) : writer_(writer), lower_(lower) {
  levels_.push_back({.name = {}, .fd = std::move(root), .mtime = {}, .mode = {}, .owner = {}, .acls = {}});
}

std::string Directories::path() const {
  std::string path;
  for (std::size_t i = 1; i < levels_.size(); ++i) path += (i > 1 ? "/" : "") + levels_[i].name;
  return path;
}

int Directories::changing() {
  levels_.back().changed = true;
  return fd();
}

// ---- going to a directory -----------------------------------------------------------------------------------------

Result<> Directories::enter(const std::string& path, const struct timespec& mtime) {
  if (entered_as_ == path) return {};
  Walk walk{.left = {}, .own_bytes = 0, .mtime = &mtime};
  TRY(this->walk(walk, path));
  entered_as_ = path;
  return {};
}

Result<Directories::Visit> Directories::visit(const std::string& path) {
  if (entered_as_ == path) return Visit::kThere;
  Walk walk{.left = {}, .own_bytes = 0, .mtime = nullptr};
  const Visit visit = TRY(this->walk(walk, path));
  if (visit == Visit::kThere) entered_as_ = path;
  return visit;
}

// Leaves the levels that are not on the way, so that `left` is what lies below the last one that is.
Result<std::string> Directories::leave_until_on_the_way(const std::string& path) {
  std::string_view left = path;
  std::size_t kept = 1;
  while (kept < levels_.size() && !left.empty()) {
    const Cut component = cut(left, '/');
    if (component.head != levels_[kept].name) break;
    left = component.tail.value_or("");
    ++kept;
  }
  entered_as_.reset();
  while (levels_.size() > kept) TRY(leave());
  return std::string(left);
}

Result<Directories::Visit> Directories::walk(Walk& walk, const std::string& path) {
  walk.left = TRY(leave_until_on_the_way(path));
  walk.own_bytes = walk.left.size();
  while (!walk.left.empty()) {
    const bool in_link = walk.left.size() > walk.own_bytes;
    const Cut component = cut(walk.left, '/');
    const std::string name(component.head);
    walk.left = std::string(component.tail.value_or(""));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (levels_.size() > 1) TRY(leave());
      continue;
    }
    const Step step = TRY(step_into(name));
    if (step == Step::kInto) continue;
    if (step == Step::kLink && TRY(follow(walk, name))) continue;
    const bool makes = walk.mtime != nullptr;
    const bool vacant = step == Step::kAbsent || step == Step::kWhiteout;
    if (makes && vacant && !in_link) {
      TRY(make_implied(name, step == Step::kWhiteout, *walk.mtime));
      continue;
    }
    if (!makes) return step == Step::kAbsent && walk.links == 0 ? Visit::kAbsent : Visit::kBlocked;
    if (vacant) return fail(complaint(quoted_name(walk.last_link) + " is a symbolic link that leads nowhere"));
    errno = step == Step::kLink ? ELOOP : ENOTDIR;
    return fail(os_error("openat", joined(this->path(), name)));
  }
  return Visit::kThere;
}

Result<Directories::Step> Directories::step_into(const std::string& name) {
  std::optional<std::uint32_t> mode_before;
  Result<Fd> child = open_child(name, mode_before);
  if (child) {
    TRY(push_again(name, std::move(*child), mode_before));
    return Step::kInto;
  }
  if (child.error().number == ENOENT) return Step::kAbsent;
  if (child.error().number != ENOTDIR && child.error().number != ELOOP) return fail(std::move(child).error());
  struct stat status{};
  if (::fstatat(fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return fail(os_error("fstatat", name));
  return S_ISLNK(status.st_mode) ? Step::kLink : is_whiteout(status) ? Step::kWhiteout : Step::kOther;
}

// Puts the link's target before what is left of the path. False where that are too many.
Result<bool> Directories::follow(Walk& walk, const std::string& name) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(fd(), name.c_str(), target.data(), target.size());
  if (length < 0) return fail(os_error("readlinkat", name));
  if (++walk.links > kMostLinks) return false;
  target.resize(static_cast<std::size_t>(length));
  walk.last_link = joined(path(), name);
  walk.own_bytes = std::min(walk.own_bytes, walk.left.size());
  walk.left = target + (walk.left.empty() ? "" : "/" + walk.left);
  while (target.starts_with('/') && levels_.size() > 1) TRY(leave());
  return true;
}

// An ordinary user may have to open a directory for itself first: `mode_before` is what it then had.
Result<Fd> Directories::open_child(const std::string& name, std::optional<std::uint32_t>& mode_before) {
  Fd child(::openat(fd(), name.c_str(), kDirectory));
  struct stat status{};
  if (!child && errno == EACCES && writer_.privilege() == Privilege::kUser &&
      ::fstatat(fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
    mode_before = status.st_mode & 07777U;
    if (::fchmodat(fd(), name.c_str(), kModeMeanwhile, 0) != 0) return fail(os_error("fchmodat", name));
    child = Fd(::openat(fd(), name.c_str(), kDirectory));
  }
  if (!child) return fail(os_error("openat", joined(path(), name)));
  return child;
}

// ---- making one ---------------------------------------------------------------------------------------------------

Result<> Directories::begin() {
  if (!lower_.empty()) return {};  // finish() asks what they have, if no entry tells
  struct stat status{};
  if (::fstat(fd(), &status) != 0) return fail(os_error("fstat", "the root"));
  return dress(levels_.back(), TRY(writer_.of_implied_directory(status.st_mtim)));
}

Result<> Directories::make_implied(const std::string& name, bool over_whiteout, const struct timespec& mtime) {
  const std::string path = joined(this->path(), name);
  if (over_whiteout && ::unlinkat(changing(), name.c_str(), 0) != 0) return fail(os_error("unlinkat", name));
  const auto below = over_whiteout ? std::nullopt : TRY(lower_.find(path));
  const Metadata metadata = below && S_ISDIR(below->status.st_mode)
                                ? TRY(read_metadata(below->directory, below->base, below->status))
                                : TRY(writer_.of_implied_directory(mtime));
  TRY(make_new(name, metadata));
  if (over_whiteout) TRY(cover(fd(), path, lower_));
  return {};
}

Result<> Directories::make(const std::string& base, const Metadata& metadata) {
  if (base.empty()) {
    root_is_described_ = true;
    remove_attributes(fd());
    return dress(levels_.back(), metadata);
  }
  entered_as_.reset();
  std::optional<std::uint32_t> mode_before;
  if (::mkdirat(changing(), base.c_str(), kModeMeanwhile) == 0)
    return push(base, TRY(open_child(base, mode_before)), metadata);
  if (errno != EEXIST) return fail(os_error("mkdirat", base));
  struct stat status{};
  if (::fstatat(fd(), base.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return fail(os_error("fstatat", base));
  if (S_ISDIR(status.st_mode)) {
    Fd child = TRY(open_child(base, mode_before));
    remove_attributes(child.get());
    return push(base, std::move(child), metadata);
  }
  if (::unlinkat(fd(), base.c_str(), 0) != 0) return fail(os_error("unlinkat", base));
  TRY(make_new(base, metadata));
  TRY(cover(fd(), path(), lower_));
  return {};
}

Result<> Directories::make_new(const std::string& name, const Metadata& metadata) {
  if (::mkdirat(changing(), name.c_str(), kModeMeanwhile) != 0) return fail(os_error("mkdirat", name));
  std::optional<std::uint32_t> mode_before;
  return push(name, TRY(open_child(name, mode_before)), metadata);
}

// One that an archive or the layers below describe.
Result<> Directories::push(const std::string& name, Fd fd, const Metadata& metadata) {
  Level level{.name = name, .fd = std::move(fd), .mtime = {}, .mode = {}, .owner = {}, .acls = {}};
  TRY(dress(level, metadata));
  return push_level(std::move(level));
}

// One that was left before.
Result<> Directories::push_again(const std::string& name, Fd fd, std::optional<std::uint32_t> mode_before) {
  Level level{.name = name, .fd = std::move(fd), .mtime = {}, .mode = mode_before, .owner = {}, .acls = {}};
  struct stat status{};
  if (::fstat(level.fd.get(), &status) != 0) return fail(os_error("fstat", name));
  level.mtime = status.st_mtim;
  const bool shut = writer_.privilege() == Privilege::kUser && (status.st_mode & kModeMeanwhile) != kModeMeanwhile;
  if (shut && !mode_before) {
    level.mode = status.st_mode & 07777U;
    TRY(set_mode(level.fd.get(), kModeMeanwhile));
  }
  if (default_acls_) {
    if (std::optional<std::string> acl = default_acl(level.fd.get())) {
      level.acls.emplace_back(kDefaultAclAttribute, std::move(*acl));
      if (::fremovexattr(level.fd.get(), kDefaultAclAttribute) != 0) return fail(os_error("fremovexattr", name));
    }
  }
  return push_level(std::move(level));
}

Result<> Directories::push_level(Level level) {
  if (path_bytes_ + level.name.size() + 1 >= PATH_MAX) {
    return fail(complaint(fmt::format("it lies deeper than the {} bytes that a path may have", PATH_MAX - 1)));
  }
  path_bytes_ += level.name.size() + 1;
  levels_.push_back(std::move(level));
  if (levels_.size() > kOpenLevels) levels_[levels_.size() - kOpenLevels - 1].fd = Fd();
  return {};
}

// Gives it what does not disturb what is made in it, and keeps the rest for the end.
Result<> Directories::dress(Level& level, const Metadata& metadata) {
  level.changed = true;
  level.mtime = metadata.mtime;
  level.mode = metadata.mode;
  level.owner = metadata.owner;
  level.acls.clear();
  Attributes others;
  for (const auto& attribute : metadata.attributes) {
    (is_acl(attribute.first) ? level.acls : others).push_back(attribute);
    if (attribute.first == kDefaultAclAttribute) default_acls_ = true;
  }
  return others.empty() ? Result<>() : writer_.set_attributes(level.fd.get(), others, joined(path(), level.name));
}

// ---- leaving ------------------------------------------------------------------------------------------------------

Result<> Directories::leave() {
  TRY_IN(quoted_name(levels_.size() > 1 ? path() : "."), finish_level(levels_.back()));
  const Level level = std::move(levels_.back());
  levels_.pop_back();
  path_bytes_ -= levels_.empty() ? 0 : level.name.size() + 1;
  return {};
}

Result<> Directories::finish_level(const Level& level) {
  const int fd = level.fd.get();
  if (levels_.size() > 1 && !levels_[levels_.size() - 2].fd) {
    Fd parent(::openat(fd, "..", kDirectory));  // while the mode lets an ordinary user through
    if (!parent) return fail(os_error("openat", ".."));
    levels_[levels_.size() - 2].fd = std::move(parent);
  }
  if (level.owner) TRY(writer_.set_owner(fd, *level.owner));
  if (level.mode) TRY(set_mode(fd, *level.mode));
  if (!level.acls.empty()) TRY(writer_.set_attributes(fd, level.acls, path()));
  return level.changed ? set_mtime(fd, level.mtime) : Result<>();
}

Result<> Directories::finish() {
  while (levels_.size() > 1) TRY(leave());
  if (!lower_.empty() && !root_is_described_) {
    const std::optional<LowerTrees::File> below = TRY(lower_.find(""));
    if (below) TRY(dress(levels_.back(), TRY(read_metadata(below->directory, below->base, below->status))));
  }
  return leave();
}

}  // namespace caisson::image
