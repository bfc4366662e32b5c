#include "image/extract.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/acl.h"
#include "image/beneath.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr mode_t kImpliedDirectoryMode = 0755;     // of parents that the archive does not have
constexpr mode_t kUnfinishedDirectoryMode = 0700;  // until finish()
constexpr mode_t kSetIdBits = 07000;

std::string joined(const std::string& directory, const std::string& base) {
  return directory.empty() ? base : directory + "/" + base;
}

Result<> write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return fail(os_error("write", name));
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::array<struct timespec, 2> only_mtime(const struct timespec& mtime) {
  return {timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, mtime};
}

Error owner_error(const char* call, std::uint32_t uid, std::uint32_t gid) {
  Error error = os_error(call, fmt::format("{}:{}", uid, gid));
  if (error.number == EINVAL) error.hint = "this owner is not mapped in the user namespace";
  return error;
}

}  // namespace

Result<> Extractor::begin() { return owners_.uids.empty() ? Result<>() : set_owner(root_.get(), "", 0, 0); }

Result<> Extractor::apply(const TarEntry& entry, TarReader& reader) {
  TRY_IN(quoted_name(entry.name), make(entry, reader));
  return {};
}

Result<> Extractor::make(const TarEntry& entry, TarReader& reader) {
  const std::string name = TRY(normal_name(entry.name));
  if (name.empty() && entry.kind != EntryKind::kDirectory) return fail(complaint("the root must be a directory"));
  const Place place = place_of(name);
  switch (entry.kind) {
    case EntryKind::kDirectory: return make_directory(place, entry);
    case EntryKind::kFile: return make_file(place, entry, reader);
    case EntryKind::kSymbolicLink: return make_symbolic_link(place, entry);
    case EntryKind::kHardLink: return make_hard_link(place, entry);
    case EntryKind::kCharacterDevice:
    case EntryKind::kBlockDevice:
    case EntryKind::kFifo: return make_node(place, entry);
  }
  return {};
}

// ---- names --------------------------------------------------------------------------------------------------------

// The descriptor of the directory `path`, good until the next call.
Result<int> Extractor::open_directory(const std::string& path) {
  if (directory_known_ && path == directory_name_) return directory_.get();
  constexpr int kFlags = O_PATH | O_DIRECTORY;
  Links links = Links::kRefused;
  int fd = try_open_beneath(root_.get(), path, kFlags, links);
  if (fd < 0 && errno == ELOOP) {
    links = Links::kInRoot;
    fd = try_open_beneath(root_.get(), path, kFlags, links);
  }
  if (fd < 0 && errno == ENOENT) {
    TRY(make_directories(path));
    fd = try_open_beneath(root_.get(), path, kFlags, links);
  }
  Fd directory(fd);
  if (!directory) return fail(os_error("openat2", path));

  directory_known_ = false;
  directory_resolved_ = links == Links::kRefused ? path : TRY(resolved_path(directory.get()));
  directory_ = std::move(directory);
  directory_name_ = path;
  directory_known_ = true;
  return directory_.get();
}

Result<> Extractor::make_directories(const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string prefix = path.substr(0, end);
    const Fd there(try_open_beneath(root_.get(), prefix, O_PATH, Links::kInRoot));
    if (there) continue;
    if (errno != ENOENT) return fail(os_error("openat2", prefix));
    const Place place = place_of(prefix);
    const Fd parent = TRY(open_beneath(root_.get(), place.directory, O_PATH | O_DIRECTORY, Links::kInRoot));
    if (::mkdirat(parent.get(), place.base.c_str(), kImpliedDirectoryMode) == 0) {
      if (!owners_.uids.empty()) TRY(set_owner(parent.get(), place.base.c_str(), 0, 0));
      continue;
    }
    if (errno == EEXIST) return fail(complaint(quoted_name(prefix) + " is a symbolic link that leads nowhere"));
    return fail(os_error("mkdirat", prefix));
  }
  return {};
}

// Where below the root a descriptor is, which the kernel knows (proc(5), /proc/pid/fd).
Result<std::string> Extractor::resolved_path(int directory) const {
  std::array<std::string, 2> paths;
  const std::array fds = {root_.get(), directory};
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const std::string link = fmt::format("/proc/self/fd/{}", fds[i]);
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlink(link.c_str(), text.data(), text.size());
    if (length < 0) return fail(os_error("readlink", link));
    paths[i].assign(text.data(), static_cast<std::size_t>(length));
  }
  if (paths[1] == paths[0]) return std::string();
  if (!paths[1].starts_with(paths[0] + "/")) return fail(complaint("the directory is not below the root any more"));
  return paths[1].substr(paths[0].size() + 1);
}

// ---- making -------------------------------------------------------------------------------------------------------

// Runs `create`, which must fail with EEXIST rather than use what is there; if so, clears the place and runs it once
// more.
template <class Create>
Result<> Extractor::make_in_place(int directory, const std::string& base, const char* call, Create create) {
  if (create()) return {};
  if (errno == EEXIST) {
    TRY(remove_existing(directory, base));
    if (create()) return {};
  }
  return fail(os_error(call, base));
}

Result<> Extractor::remove_existing(int directory, const std::string& base) {
  directory_known_ = false;  // its name may have led through what goes now; the descriptor stays good
  if (::unlinkat(directory, base.c_str(), 0) == 0) return {};
  if (errno != EISDIR) return fail(os_error("unlinkat", base));
  if (::unlinkat(directory, base.c_str(), AT_REMOVEDIR) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST)
      return fail(complaint("a directory with something in it is in its place"));
    return fail(os_error("unlinkat", base));
  }
  directories_.erase(joined(directory_resolved_, base));
  return {};
}

Result<> Extractor::make_directory(const Place& place, const TarEntry& entry) {
  std::string resolved;
  if (!place.base.empty()) {
    const int directory = TRY(open_directory(place.directory));
    const char* const base = place.base.c_str();
    struct stat status{};
    if (::mkdirat(directory, base, kUnfinishedDirectoryMode) != 0) {
      if (errno != EEXIST) return fail(os_error("mkdirat", place.base));
      if (::fstatat(directory, base, &status, AT_SYMLINK_NOFOLLOW) != 0) return fail(os_error("fstatat", place.base));
      if (!S_ISDIR(status.st_mode)) {
        TRY(remove_existing(directory, place.base));
        if (::mkdirat(directory, base, kUnfinishedDirectoryMode) != 0) return fail(os_error("mkdirat", place.base));
      }
    }
    resolved = joined(directory_resolved_, place.base);
  }
  directories_.insert_or_assign(std::move(resolved), Metadata{.mode = entry.mode,
                                                              .uid = entry.uid,
                                                              .gid = entry.gid,
                                                              .mtime = entry.mtime,
                                                              .attributes = attributes_of(entry)});
  return {};
}

Result<> Extractor::make_file(const Place& place, const TarEntry& entry, TarReader& reader) {
  const int directory = TRY(open_directory(place.directory));
  Fd file;
  TRY(make_in_place(directory, place.base, "openat", [&] {
    file = Fd(::openat(directory, place.base.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       entry.mode & ~kSetIdBits));
    return static_cast<bool>(file);
  }));
  for (;;) {
    const Piece piece = TRY(reader.data());
    if (piece.bytes.empty()) break;
    if (entry.sparse && ::lseek(file.get(), piece.offset, SEEK_SET) < 0) return fail(os_error("lseek", place.base));
    TRY(write_all(file.get(), piece.bytes, place.base));
  }
  if (entry.sparse && ::ftruncate(file.get(), entry.size) != 0) {
    return fail(os_error("ftruncate", fmt::format("{}, {}", place.base, entry.size)));
  }
  return set_file_metadata(file.get(), entry);
}

Result<> Extractor::make_symbolic_link(const Place& place, const TarEntry& entry) {
  if (entry.link_target.empty()) return fail(complaint("the symbolic link has no target"));
  const int directory = TRY(open_directory(place.directory));
  TRY(make_in_place(directory, place.base, "symlinkat",
                    [&] { return ::symlinkat(entry.link_target.c_str(), directory, place.base.c_str()) == 0; }));
  return set_node_metadata(directory, place.base, entry);
}

Result<> Extractor::make_hard_link(const Place& place, const TarEntry& entry) {
  const std::string target_name = TRY_IN("target of the hard link", normal_name(entry.link_target));
  const Place target = place_of(target_name);
  if (target.base.empty()) return fail(complaint("the hard link's target is the root"));
  const Fd target_directory = TRY_IN("target of the hard link",
                                     open_beneath(root_.get(), target.directory, O_PATH | O_DIRECTORY, Links::kInRoot));
  const int directory = TRY(open_directory(place.directory));

  struct stat from{};
  if (::fstatat(target_directory.get(), target.base.c_str(), &from, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail(in("target of the hard link", os_error("fstatat", target_name)));
  }
  if (S_ISDIR(from.st_mode)) return fail(complaint("the hard link's target is a directory"));
  const auto link = [&] {
    return ::linkat(target_directory.get(), target.base.c_str(), directory, place.base.c_str(), 0) == 0;
  };
  if (link()) return {};
  // A link to itself, or one that is there twice, is there already: clearing its place could remove the last one.
  struct stat to{};
  if (errno == EEXIST && ::fstatat(directory, place.base.c_str(), &to, AT_SYMLINK_NOFOLLOW) == 0 &&
      to.st_ino == from.st_ino && to.st_dev == from.st_dev) {
    return {};
  }
  return make_in_place(directory, place.base, "linkat", link);
}

Result<> Extractor::make_node(const Place& place, const TarEntry& entry) {
  const bool device = entry.kind != EntryKind::kFifo;
  constexpr const char* kDevices = "device nodes were left out, which this user cannot make";
  if (device && privilege_ == Privilege::kUser) {
    lose(kDevices, entry.name);
    return {};
  }
  const mode_t type = !device ? S_IFIFO : entry.kind == EntryKind::kCharacterDevice ? S_IFCHR : S_IFBLK;
  const dev_t number = device ? makedev(entry.device_major, entry.device_minor) : 0;
  const int directory = TRY(open_directory(place.directory));
  const Result<> made = make_in_place(directory, place.base, "mknodat", [&] {
    return ::mknodat(directory, place.base.c_str(), type | (entry.mode & ~kSetIdBits), number) == 0;
  });
  if (!made && made.error().call == "mknodat" && made.error().number == EPERM && device) {
    lose(kDevices, entry.name);  // root of a user namespace
    return {};
  }
  TRY(made);
  return set_node_metadata(directory, place.base, entry);
}

// ---- metadata -----------------------------------------------------------------------------------------------------

// Of `name` in the directory `fd`, or of `fd` itself where there is no name.
Result<> Extractor::set_owner(int fd, const char* name, std::uint32_t uid, std::uint32_t gid) {
  if (privilege_ != Privilege::kRoot) return {};
  const char* const call = *name == '\0' ? "fchown" : "fchownat";
  const auto user = mapped_owner(owners_.uids, uid);
  const auto group = mapped_owner(owners_.gids, gid);
  const bool mapped = user && group;
  if (mapped && ::fchownat(fd, name, *user, *group, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0) return {};
  if (!mapped) errno = EINVAL;
  return fail(owner_error(call, uid, gid));
}

// The order matters: a change of owner takes set-id bits and capabilities away, a write or a new attribute changes
// times.
Result<> Extractor::set_file_metadata(int fd, const TarEntry& entry) {
  TRY(set_owner(fd, "", entry.uid, entry.gid));
  if ((entry.mode & kSetIdBits) != 0 && ::fchmod(fd, entry.mode) != 0) {
    return fail(os_error("fchmod", fmt::format("{:o}", entry.mode)));
  }
  TRY(set_attributes(attributes_of(entry), entry.name, [&](const char* name, const std::string& value) {
    return ::fsetxattr(fd, name, value.data(), value.size(), 0) == 0;
  }));
  if (::futimens(fd, only_mtime(entry.mtime).data()) != 0) return fail(os_error("futimens", "mtime"));
  return {};
}

// The same for what cannot be opened: symbolic links, devices, fifos.
Result<> Extractor::set_node_metadata(int directory, const std::string& base, const TarEntry& entry) {
  const char* const name = base.c_str();
  TRY(set_owner(directory, name, entry.uid, entry.gid));
  // Made a moment ago by mknodat: no link that fchmodat could follow.
  if (entry.kind != EntryKind::kSymbolicLink && (entry.mode & kSetIdBits) != 0 &&
      ::fchmodat(directory, name, entry.mode, 0) != 0) {
    return fail(os_error("fchmodat", fmt::format("{:o}", entry.mode)));
  }
  const Attributes attributes = attributes_of(entry);
  if (!attributes.empty()) {
    const std::string path = fmt::format("/proc/self/fd/{}/{}", directory, base);
    TRY(set_attributes(attributes, entry.name, [&](const char* attribute, const std::string& value) {
      return ::lsetxattr(path.c_str(), attribute, value.data(), value.size(), 0) == 0;
    }));
  }
  if (::utimensat(directory, name, only_mtime(entry.mtime).data(), AT_SYMLINK_NOFOLLOW) != 0) {
    return fail(os_error("utimensat", "mtime"));
  }
  return {};
}

Attributes Extractor::attributes_of(const TarEntry& entry) {
  Attributes attributes;
  for (const auto& attribute : entry.attributes) {
    if (attribute.first.starts_with("trusted.overlay.") || attribute.first.starts_with("user.overlay.")) {
      lose("extended attributes were left out that give orders to the overlay file system", entry.name);
    } else {
      attributes.push_back(attribute);
    }
  }
  const auto add_acl = [&](const std::optional<std::string>& text, const char* name) {
    if (!text) return;
    if (std::optional<std::string> value = acl_attribute(*text)) {
      attributes.emplace_back(name, std::move(*value));
    } else {
      lose("access control lists were left out that name users without their numbers", entry.name);
    }
  };
  if (entry.kind != EntryKind::kSymbolicLink) add_acl(entry.access_acl, kAccessAclAttribute);
  if (entry.kind == EntryKind::kDirectory) add_acl(entry.default_acl, kDefaultAclAttribute);
  return attributes;
}

// What the file system or the user cannot keep is noted. A lost file capability would be a program that does not work:
// an error.
template <class Set>
Result<> Extractor::set_attributes(const Attributes& attributes, const std::string& name, Set set) {
  for (const auto& [attribute, value] : attributes) {
    if (set(attribute.c_str(), value)) continue;
    const bool refused = errno == ENOTSUP || errno == EPERM || errno == EACCES;
    if (!refused || (attribute == "security.capability" && privilege_ == Privilege::kRoot)) {
      return fail(os_error("setxattr", attribute));
    }
    lose("extended attributes were left out that the file system or this user cannot have", name);
  }
  return {};
}

void Extractor::lose(const std::string& what, const std::string& name) {
  Loss& loss = losses_[what];
  if (loss.count++ == 0) loss.first = quoted_name(name);
}

std::vector<std::string> Extractor::notes() const {
  std::vector<std::string> lines;
  for (const auto& [what, loss] : losses_) {
    lines.push_back(loss.count == 1 ? fmt::format("{}: at {}", what, loss.first)
                                    : fmt::format("{}: at {} and {} more", what, loss.first, loss.count - 1));
  }
  return lines;
}

Result<> Extractor::finish() {
  // In descending order, so that what is in a directory comes before a mode that shuts it.
  for (auto at = directories_.rbegin(); at != directories_.rend(); ++at) {
    const auto& [path, metadata] = *at;
    const std::string shown = quoted_name(path.empty() ? "." : path);
    const Fd directory =
        TRY_IN(shown, open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefused));
    const int fd = directory.get();
    TRY_IN(shown, set_owner(fd, "", metadata.uid, metadata.gid));
    if (::fchmod(fd, metadata.mode) != 0)
      return fail(in(shown, os_error("fchmod", fmt::format("{:o}", metadata.mode))));
    TRY_IN(shown, set_attributes(metadata.attributes, path, [&](const char* name, const std::string& value) {
             return ::fsetxattr(fd, name, value.data(), value.size(), 0) == 0;
           }));
    if (::futimens(fd, only_mtime(metadata.mtime).data()) != 0) return fail(in(shown, os_error("futimens", "mtime")));
  }
  return {};
}

}  // namespace caisson::image
