#include <cerrno>

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/file_target.h"
#include "image/beneath.h"
#include "image/entry_name.h"
#include "image/synced.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::archive {

namespace {

constexpr mode_t kDirectory = 0755, kFile = 0644;

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<> sync(const Fd& file, const std::string& name) {
  if (::fsync(file.get()) != 0) return fail(os_error("fsync", name));
  return {};
}

bool is_at(const Fd& directory, const std::string& path) {
  struct stat status{};
  const auto there = kernel::status_of(path);
  return there && ::fstat(directory.get(), &status) == 0 && status.st_dev == there->st_dev &&
         status.st_ino == there->st_ino;
}

}  // namespace

Result<std::unique_ptr<DirectoryTarget>> DirectoryTarget::open(const std::string& given) {
  const std::string path = without_slashes(given);
  for (;;) {
    const bool made = ::mkdir(path.c_str(), kDirectory) == 0;
    if (!made && errno != EEXIST) return fail(os_error("mkdir", path));
    Fd directory = TRY(kernel::open_file(path, O_RDONLY | O_DIRECTORY));
    if (kernel::retry([&] { return ::flock(directory.get(), LOCK_EX); }) != 0) return fail(os_error("flock", path));
    if (!is_at(directory, path)) continue;  // who held the lock has made it, and removed it again
    std::unique_ptr<DirectoryTarget> target(new DirectoryTarget(path, std::move(directory)));
    target->made_ = made;
    target->files_ = TRY(files_below(path));
    target->was_empty_ = TRY(kernel::names_in(target->directory_, path)).empty();
    return target;
  }
}

Result<> DirectoryTarget::make_directory(const std::string& below) {
  const image::Place place = image::place_of(below);
  const Fd parent = TRY(open_parent(place));
  if (::mkdirat(parent.get(), place.base.c_str(), kDirectory) == 0) {
    new_.insert(below);
    return sync(parent, below);
  }
  if (errno != EEXIST) return fail(os_error("mkdirat", below));
  return {};
}

Result<Fd> DirectoryTarget::open_parent(const image::Place& place) const {
  return image::open_beneath(directory_.get(), place.directory, O_RDONLY | O_DIRECTORY, image::Links::kInRoot);
}

DirectoryTarget::~DirectoryTarget() {
  if (finished_) return;
  if (made_) {
    (void)kernel::remove_tree(path_);
    return;
  }
  for (auto name = new_.rbegin(); name != new_.rend(); ++name) {
    const image::Place place = image::place_of(*name);
    const Result<Fd> parent = open_parent(place);
    if (!parent || ::unlinkat(parent->get(), place.base.c_str(), 0) == 0) continue;
    (void)::unlinkat(parent->get(), place.base.c_str(), AT_REMOVEDIR);
  }
}

Result<bool> DirectoryTarget::has(const std::string& name, std::int64_t size) const {
  const std::optional<Extent> extent = TRY(files_->find(name));
  return extent && extent->size == size;
}

template <class Write>
Result<> DirectoryTarget::put_by(const std::string& name, Write write) {
  const image::Place place = image::place_of(name);
  const Fd parent = TRY(open_parent(place));
  const std::string temporary = "." + place.base + ".partial";
  (void)::unlinkat(parent.get(), temporary.c_str(), 0);  // of a writer that was killed: the lock is ours
  const Fd file = TRY(kernel::open_file_at(parent.get(), temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kFile));
  const auto written = [&]() -> Result<> {
    TRY(write(file.get()));
    TRY(sync(file, name));
    struct stat status{};
    const bool is_new = ::fstatat(parent.get(), place.base.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0;
    if (::renameat(parent.get(), temporary.c_str(), parent.get(), place.base.c_str()) != 0) {
      return fail(os_error("renameat", name));
    }
    if (is_new) new_.insert(name);
    return sync(parent, name);
  }();
  if (!written) (void)::unlinkat(parent.get(), temporary.c_str(), 0);
  return written;
}

Result<> DirectoryTarget::put(const std::string& name, const Extent& content) {
  return put_by(name, [&](int file) -> Result<> {
    ExtentInput input(content);
    for (std::string_view bytes = TRY(input.more()); !bytes.empty(); bytes = TRY(input.more())) {
      TRY(kernel::write_all(file, bytes, name));
    }
    return {};
  });
}

Result<> DirectoryTarget::put(const std::string& name, std::string_view content) {
  return put_by(name, [&](int file) { return kernel::write_all(file, content, name); });
}

Result<> DirectoryTarget::finish() {
  if (made_) {
    const std::size_t slash = path_.rfind('/');
    TRY(image::sync_directory(slash == std::string::npos ? "." : path_.substr(0, slash + 1)));
  }
  finished_ = true;
  for (const std::string& name : doomed_) {
    if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT) return fail(os_error("unlinkat", name));
  }
  return {};
}

}  // namespace caisson::archive
