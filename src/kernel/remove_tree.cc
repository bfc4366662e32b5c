// Removing trees that may be hostile: as deep as somebody liked, on a host that is short of descriptors.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class Removal {
 public:
  explicit Removal(std::string path) : path_(std::move(path)) {}
  Result<> remove(int parent, const std::string& name);

 private:
  Result<> empty(const std::string& name);
  Result<> take_away(int directory, const std::string& name, bool at_top);
  Result<> move_up(int directory, const std::string& name);

  std::string path_;  // for errors
  Fd top_;
  std::vector<std::string> directories_;  // still to be removed, all of them in the top
  std::size_t next_number_ = 0;
};

Fd open_below(int directory, const char* name, std::uint64_t resolve) {
  const struct open_how how{.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, .mode = 0, .resolve = resolve};
  Fd opened(retry([&] { return openat2(directory, name, how); }));
  if (!opened && errno == EXDEV) errno = EBUSY;  // something is mounted there: to rmdir(2) that is "busy"
  return opened;
}

Result<> Removal::remove(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return fail(os_error("unlinkat", path_));
  top_ = open_below(parent, name.c_str(), 0);
  if (!top_) return fail(os_error("openat2", path_));
  TRY(empty("."));
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    const std::string directory = directories_[i];  // a copy: the list grows
    TRY(empty(directory));
    if (::unlinkat(top_.get(), directory.c_str(), AT_REMOVEDIR) != 0)
      return fail(os_error("rmdir", path_ + "/" + directory));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return fail(os_error("rmdir", path_));
  return {};
}

// Empties a directory of the top, or the top itself. A directory in it that is not empty is not descended into but
// moved up into the top: whatever the depth of the tree, it is flat by the time it is removed.
Result<> Removal::empty(const std::string& name) {
  Fd opened = open_below(top_.get(), name.c_str(), RESOLVE_NO_XDEV);
  if (!opened && errno == EACCES) {  // an ordinary user's own, without the right to read
    (void)::fchmodat(top_.get(), name.c_str(), 0700, 0);
    opened = open_below(top_.get(), name.c_str(), RESOLVE_NO_XDEV);
  }
  if (!opened) return fail(os_error("openat2", path_ + "/" + name));
  const std::unique_ptr<DIR, CloseDirectory> entries(::fdopendir(opened.get()));
  if (!entries) return fail(os_error("fdopendir", path_ + "/" + name));
  const int directory = std::move(opened).release();
  errno = 0;
  while (const struct dirent* entry = ::readdir(entries.get())) {
    const std::string child = entry->d_name;
    if (child != "." && child != "..") TRY(take_away(directory, child, name == "."));
    errno = 0;
  }
  if (errno != 0) return fail(os_error("readdir", path_ + "/" + name));
  return {};
}

Result<> Removal::take_away(int directory, const std::string& name, bool at_top) {
  if (::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return fail(os_error("unlinkat", path_ + "/…/" + name));
  if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  if (errno != ENOTEMPTY && errno != EEXIST) return fail(os_error("rmdir", path_ + "/…/" + name));
  if (!at_top) return move_up(directory, name);
  directories_.push_back(name);
  return {};
}

// Under a number that is not taken yet (by a removal that was killed).
Result<> Removal::move_up(int directory, const std::string& name) {
  for (;;) {
    std::string number = "." + std::to_string(next_number_++);
    if (::renameat2(directory, name.c_str(), top_.get(), number.c_str(), RENAME_NOREPLACE) == 0) {
      directories_.push_back(std::move(number));
      return {};
    }
    // An ordinary user can move no directory that is not writable.
    if (errno == EACCES && ::fchmodat(directory, name.c_str(), 0700, 0) == 0 &&
        ::renameat2(directory, name.c_str(), top_.get(), number.c_str(), RENAME_NOREPLACE) == 0) {
      directories_.push_back(std::move(number));
      return {};
    }
    if (errno != EEXIST) return fail(os_error("renameat2", path_ + "/…/" + name));
  }
}

}  // namespace

Result<> remove_tree_at(int parent, const std::string& name) { return Removal(name).remove(parent, name); }

Result<> remove_tree(const std::string& path) { return Removal(path).remove(AT_FDCWD, path); }

}  // namespace caisson::kernel
