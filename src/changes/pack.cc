#include "changes/pack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "archive/tree_writer.h"
#include "image/tar_reader.h"
#include "kernel/files.h"
#include "kernel/in_root.h"
#include "kernel/syscalls.h"

namespace caisson::changes {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

image::TarEntry entry_of(const PackOptions& options, image::EntryKind kind, const struct stat& status) {
  image::TarEntry entry = archive::plain_entry(kind, options.name);
  entry.mode = status.st_mode & 07777U;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.mtime = status.st_mtim;
  return entry;
}

// Those that mean the same elsewhere.
void add_attributes(int file, image::TarEntry& entry) {
  std::string names(XATTR_LIST_MAX, '\0');
  std::string value(XATTR_SIZE_MAX, '\0');
  const ssize_t length = ::flistxattr(file, names.data(), names.size());
  for (ssize_t at = 0; at < length; at += static_cast<ssize_t>(std::strlen(names.data() + at)) + 1) {
    const std::string name = names.data() + at;
    if (name != "security.capability" && !name.starts_with("user.")) continue;
    if (name.find('=') != std::string::npos) continue;
    const ssize_t size = ::fgetxattr(file, name.c_str(), value.data(), value.size());
    if (size >= 0) entry.attributes.emplace_back(name, value.substr(0, static_cast<std::size_t>(size)));
  }
}

// What somebody makes longer meanwhile is cut, what becomes shorter is an error: nobody would notice zeros.
Result<> pack_file(const Fd& found, const PackOptions& options, const struct stat& status, archive::TarWriter& out) {
  const Fd file = TRY(kernel::open_file(fmt::format("/proc/self/fd/{}", found.get()), O_RDONLY | O_NONBLOCK));
  image::TarEntry entry = entry_of(options, image::EntryKind::kFile, status);
  entry.size = status.st_size;
  add_attributes(file.get(), entry);
  TRY(out.begin(entry));
  std::vector<char> buffer(kReadBytes);
  for (std::int64_t left = entry.size; left > 0;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, kReadBytes));
    const ssize_t length = kernel::retry([&] { return ::read(file.get(), buffer.data(), wanted); });
    if (length < 0) return fail(os_error("read", options.path));
    if (length == 0) return fail(complaint(fmt::format("{} became shorter while it was read", options.path)));
    TRY(out.write({buffer.data(), static_cast<std::size_t>(length)}));
    left -= length;
  }
  return out.end();
}

Result<> pack_link(const Fd& found, const PackOptions& options, const struct stat& status, archive::TarWriter& out) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(found.get(), "", target.data(), target.size());
  if (length < 0) return fail(os_error("readlinkat", options.path));
  image::TarEntry entry = entry_of(options, image::EntryKind::kSymbolicLink, status);
  entry.mode = 0777;
  entry.link_target = target.substr(0, static_cast<std::size_t>(length));
  return out.begin(entry);
}

}  // namespace

Result<std::vector<std::string>> pack(int root, const PackOptions& options, archive::TarWriter& out) {
  const int flags = O_PATH | (options.last_link == LastLink::kCopied ? O_NOFOLLOW : 0);
  const Fd found(kernel::open_in_root(root, options.path.c_str(), flags));
  struct stat status{};
  if (!found && errno == ENOENT) return fail(complaint(fmt::format("{} is not there", options.path)));
  if (!found) return fail(os_error("openat2", options.path));
  if (::fstat(found.get(), &status) != 0) return fail(os_error("fstat", options.path));
  std::vector<std::string> notes;
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR: {
      const Fd directory = TRY(kernel::open_file(fmt::format("/proc/self/fd/{}", found.get()), O_RDONLY | O_DIRECTORY));
      notes =
          TRY(archive::write_tree(directory.get(), {.mounts = archive::Mounts::kEntered, .name = options.name}, out));
      break;
    }
    case S_IFREG: TRY(pack_file(found, options, status, out)); break;
    case S_IFLNK: TRY(pack_link(found, options, status, out)); break;
    default:
      return fail(
          complaint(fmt::format("{} is a socket, a fifo or a device, whose content nobody copies", options.path)));
  }
  TRY(out.finish());
  return notes;
}

}  // namespace caisson::changes
