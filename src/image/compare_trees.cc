#include "image/compare_trees.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "image/beneath.h"
#include "image/layers.h"

namespace caisson::image {

namespace {

using Difference = std::optional<std::string>;

constexpr std::size_t kPiece = 1U << 17;

std::string inside(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

Result<std::set<std::string>> names_in(int root, const std::string& path) {
  Fd fd = TRY(open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefused));
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd.get()), ::closedir);
  if (!directory) return fail(os_error("fdopendir", path));
  (void)std::move(fd).release();  // closedir() closes it
  std::set<std::string> names;
  for (errno = 0; const dirent* entry = ::readdir(directory.get()); errno = 0) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.insert(name);
  }
  if (errno != 0) return fail(os_error("readdir", path));
  return names;
}

// One entry, by the directory it lies in.
struct Entry {
  Fd directory;
  std::string name;  // "." is the root
  struct stat status{};

  // What system calls that take no descriptor of a directory can take: the last component is not followed by theirs.
  std::string path() const { return fmt::format("/proc/self/fd/{}/{}", directory.get(), name); }
};

Result<Entry> entry_at(int root, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
  Entry entry{.directory = TRY(open_beneath(root, parent, O_PATH | O_DIRECTORY | O_NOFOLLOW, Links::kRefused)),
              .name = path.empty() ? "." : path.substr(slash + 1)};
  if (::fstatat(entry.directory.get(), entry.name.c_str(), &entry.status, AT_SYMLINK_NOFOLLOW) != 0)
    return fail(os_error("fstatat", path));
  return entry;
}

Result<std::map<std::string, std::string>> attributes_of(const Entry& entry) {
  const std::string path = entry.path();
  std::vector<char> names(XATTR_LIST_MAX);
  const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
  if (length < 0 && errno == ENOTSUP) return {};
  if (length < 0) return fail(os_error("llistxattr", entry.name));
  std::map<std::string, std::string> attributes;
  std::vector<char> value(XATTR_SIZE_MAX);
  for (const char* name = names.data(); name < names.data() + length; name += std::string_view(name).size() + 1) {
    const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    if (size < 0) return fail(os_error("lgetxattr", entry.name));
    attributes.emplace(name, std::string(value.data(), static_cast<std::size_t>(size)));
  }
  return attributes;
}

Result<std::string> target_of(const Entry& entry) {
  std::string target(static_cast<std::size_t>(entry.status.st_size) + 1, '\0');
  const ssize_t length = ::readlinkat(entry.directory.get(), entry.name.c_str(), target.data(), target.size());
  if (length < 0) return fail(os_error("readlinkat", entry.name));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

Result<std::size_t> read_whole(int fd, std::vector<char>& piece, const std::string& name) {
  std::size_t filled = 0;
  while (filled < piece.size()) {
    const ssize_t length = ::read(fd, piece.data() + filled, piece.size() - filled);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(os_error("read", name));
    if (length == 0) break;
    filled += static_cast<std::size_t>(length);
  }
  return filled;
}

Result<bool> same_content(const Entry& one, const Entry& other) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Fd left(::openat(one.directory.get(), one.name.c_str(), kFlags));
  const Fd right(::openat(other.directory.get(), other.name.c_str(), kFlags));
  if (!left || !right) return fail(os_error("openat", one.name));
  std::vector<char> a(kPiece);
  std::vector<char> b(kPiece);
  for (;;) {
    const std::size_t here = TRY(read_whole(left.get(), a, one.name));
    const std::size_t there = TRY(read_whole(right.get(), b, other.name));
    if (here != there || !std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(here), b.begin())) return false;
    if (here == 0) return true;
  }
}

Result<Difference> compare_entries(const Entry& one, const Entry& other, DirectoryTimes times) {
  const struct stat& a = one.status;
  const struct stat& b = other.status;
  if ((a.st_mode & S_IFMT) != (b.st_mode & S_IFMT)) return "it is of another kind";
  if (is_whiteout(a) && is_whiteout(b)) return std::nullopt;  // it has nothing that anybody sees
  if (a.st_mode != b.st_mode) return fmt::format("the mode is {:o}, not {:o}", a.st_mode & 07777, b.st_mode & 07777);
  if (a.st_uid != b.st_uid || a.st_gid != b.st_gid)
    return fmt::format("the owner is {}:{}, not {}:{}", a.st_uid, a.st_gid, b.st_uid, b.st_gid);
  const bool directory = S_ISDIR(a.st_mode);
  if (!directory && a.st_size != b.st_size) return fmt::format("the size is {}, not {}", a.st_size, b.st_size);
  const bool timed = !directory || times == DirectoryTimes::kCompared;
  if (timed && (a.st_mtim.tv_sec != b.st_mtim.tv_sec || a.st_mtim.tv_nsec != b.st_mtim.tv_nsec))
    return "the time of modification is another";
  if (!directory && a.st_nlink != b.st_nlink) return fmt::format("it has {} names, not {}", a.st_nlink, b.st_nlink);
  if ((S_ISCHR(a.st_mode) || S_ISBLK(a.st_mode)) && a.st_rdev != b.st_rdev) return "it is another device";
  if (TRY(attributes_of(one)) != TRY(attributes_of(other))) return "the extended attributes are others";
  if (S_ISLNK(a.st_mode) && TRY(target_of(one)) != TRY(target_of(other))) return "it points elsewhere";
  if (S_ISREG(a.st_mode) && !TRY(same_content(one, other))) return "the content is another";
  return std::nullopt;
}

}  // namespace

Result<std::optional<std::string>> compare_trees(int one, int other, DirectoryTimes times) {
  std::vector<std::string> waiting = {""};
  while (!waiting.empty()) {
    const std::string path = std::move(waiting.back());
    waiting.pop_back();
    const Entry here = TRY(entry_at(one, path));
    const std::string shown = path.empty() ? "/" : path;
    if (const Difference difference = TRY_IN(shown, compare_entries(here, TRY(entry_at(other, path)), times)))
      return shown + ": " + *difference;
    if (!S_ISDIR(here.status.st_mode)) continue;
    const std::set<std::string> names = TRY(names_in(one, path));
    const std::set<std::string> others = TRY(names_in(other, path));
    for (const std::string& name : others) {
      if (!names.contains(name)) return inside(path, name) + ": it is missing";
    }
    for (const std::string& name : names) {
      if (!others.contains(name)) return inside(path, name) + ": it should not be there";
      waiting.push_back(inside(path, name));
    }
  }
  return std::nullopt;
}

}  // namespace caisson::image
