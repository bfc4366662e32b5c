#include "image/remove_tree.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace caisson::image {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// What is still to be removed: directories right below `top`.
struct Flattened {
  int top;
  std::vector<std::string> directories;
  std::size_t next_number = 0;

  // Moves the directory `name` of `parent` up, under a number that is not taken yet (by a remove_tree that was killed).
  Result<> move_up(int parent, const char* name) {
    for (;;) {
      std::string number = fmt::format(".{}", next_number++);
      if (::renameat2(parent, name, top, number.c_str(), RENAME_NOREPLACE) == 0) {
        directories.push_back(std::move(number));
        return {};
      }
      if (errno != EEXIST) return fail(os_error("renameat2", name));
    }
  }
};

// Empties one directory below the top, or the top itself ("."). A directory in it is not descended into but moved up
// into the top: whatever the depth of the tree, it is flat by the time it is removed.
Result<> empty_directory(const std::string& name, Flattened& flattened) {
  Fd fd(::openat(flattened.top, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail(os_error("openat", name));
  const std::unique_ptr<DIR, CloseDirectory> entries(::fdopendir(fd.get()));
  if (!entries) return fail(os_error("fdopendir", name));
  const int directory = std::move(fd).release();
  while (const dirent* entry = ::readdir(entries.get())) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    if (::unlinkat(directory, entry->d_name, 0) == 0) continue;
    if (errno != EISDIR) return fail(os_error("unlinkat", entry->d_name));
    // An ordinary user can neither list nor move a directory that is not writable.
    (void)::fchmodat(directory, entry->d_name, 0700, 0);
    if (name == ".") {
      flattened.directories.emplace_back(entry->d_name);
    } else {
      TRY(flattened.move_up(directory, entry->d_name));
    }
  }
  return {};
}

}  // namespace

Result<> remove_tree(int parent, const std::string& name) {
  const Fd top(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) {
    if (errno == ENOENT) return {};
    return fail(os_error("openat", name));
  }
  Flattened flattened{.top = top.get(), .directories = {}};
  TRY(empty_directory(".", flattened));
  for (std::size_t i = 0; i < flattened.directories.size(); ++i) {
    const std::string directory = flattened.directories[i];  // a copy: the list grows
    TRY(empty_directory(directory, flattened));
    if (::unlinkat(top.get(), directory.c_str(), AT_REMOVEDIR) != 0) return fail(os_error("unlinkat", directory));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return fail(os_error("unlinkat", name));
  return {};
}

}  // namespace caisson::image
