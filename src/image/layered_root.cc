#include "image/layered_root.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "image/layers.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr int kMostLinks = 40;  // as for the kernel
constexpr std::size_t kMostLevels = PATH_MAX / 2;

// A directory as all layers show it: its own in each tree that has it, the uppermost first.
using Level = std::vector<Fd>;

// What lies under a name.
struct Entry {
  Level directory;  ///< if it is one
  Fd other;         ///< if it is something else: O_PATH
};

Result<Entry> look_up(const Level& in, const std::string& name) {
  Entry entry;
  for (const Fd& directory : in) {
    Fd found(::openat(directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!found && errno == ENOENT) continue;
    struct stat status{};
    if (!found || ::fstat(found.get(), &status) != 0) return fail(os_error("openat", name));
    if (S_ISDIR(status.st_mode)) {
      entry.directory.push_back(std::move(found));
      continue;
    }
    if (entry.directory.empty() && !is_whiteout(status)) entry.other = std::move(found);
    break;  // it hides what is below
  }
  return entry;
}

class Walk {
 public:
  explicit Walk(Level root) { levels_.push_back(std::move(root)); }

  Result<Fd> to(std::string left);

 private:
  Result<> follow(const Fd& link, std::string& left);

  std::vector<Level> levels_;  // the root first, never empty
  int links_ = 0;
};

// Nothing but the end of the path can be something else than a directory or a link.
Result<Fd> Walk::to(std::string left) {
  while (!left.empty()) {
    const Cut component = cut(left, '/');
    const std::string name(component.head);
    left = std::string(component.tail.value_or(""));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (levels_.size() > 1) levels_.pop_back();
      continue;
    }
    Entry entry = TRY(look_up(levels_.back(), name));
    struct stat status{};
    if (!entry.directory.empty()) {
      if (levels_.size() == kMostLevels) return fail(Error{.call = "openat", .number = ENAMETOOLONG, .operand = name});
      levels_.push_back(std::move(entry.directory));
    } else if (!entry.other || ::fstat(entry.other.get(), &status) != 0) {
      return fail(Error{.call = "openat", .number = ENOENT, .operand = name});
    } else if (S_ISLNK(status.st_mode)) {
      TRY(follow(entry.other, left));
    } else if (left.empty()) {
      return std::move(entry.other);
    } else {
      return fail(Error{.call = "openat", .number = ENOTDIR, .operand = name});
    }
  }
  return fail(Error{.call = "open", .number = EISDIR, .operand = "/"});
}

Result<> Walk::follow(const Fd& link, std::string& left) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
  if (length < 0) return fail(os_error("readlinkat", "a link"));
  target.resize(static_cast<std::size_t>(length));
  if (++links_ > kMostLinks || target.size() + left.size() >= PATH_MAX)
    return fail(Error{.call = "openat", .number = ELOOP, .operand = target});
  if (target.starts_with('/')) levels_.erase(levels_.begin() + 1, levels_.end());
  left = target + "/" + left;
  while (left.ends_with('/')) left.pop_back();
  return {};
}

// Opened again for reading by the descriptor: no name is looked up a second time.
Result<std::string> read_regular(const Fd& file, std::string_view path, std::size_t limit_bytes) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(os_error("fstat", path));
  if (!S_ISREG(status.st_mode)) return fail(Error{.call = "open", .number = EINVAL, .operand = std::string(path)});
  const Fd opened = TRY(kernel::open_file("/proc/self/fd/" + std::to_string(file.get()), O_RDONLY));
  return kernel::read_all(opened.get(), path, limit_bytes);
}

}  // namespace

Result<std::string> read_in_layers(const std::vector<std::string>& trees, std::string_view path,
                                   std::size_t limit_bytes) {
  Level root;
  for (const std::string& tree : trees) root.push_back(TRY(kernel::open_file(tree, O_PATH | O_DIRECTORY)));
  const Fd file = TRY_IN(path, Walk(std::move(root)).to(std::string(path)));
  return read_regular(file, path, limit_bytes);
}

}  // namespace caisson::image
