#include "archive/tree_writer.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "archive/files.h"
#include "image/acl.h"
#include "image/entry_name.h"
#include "image/metadata.h"
#include "image/quoted.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::archive {

namespace {

using image::EntryKind;
using image::TarEntry;

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr std::string_view kWhiteout = ".wh.";
constexpr const char* kOpaque = ".wh..wh..opq";

constexpr const char* kSockets = "sockets were left out";
constexpr const char* kMounted = "what is mounted in the tree was left out";
constexpr const char* kGone = "files were left out that went away meanwhile";
constexpr const char* kShorter = "files became shorter while they were read, and are filled up with zeros";
constexpr const char* kAttributes = "extended attributes were left out that an archive cannot name";
constexpr const char* kHidden = "files were left out whose names mean something else in a layer";

// Whom nobody is in the maps for (the kernel's overflowuid).
constexpr std::uint32_t kNobody = 65534;

class TreeWriter {
 public:
  TreeWriter(int root, const TreeOptions& options, TarWriter& out)
      : root_(root), options_(options), form_(options.form), out_(out), buffer_(kReadBytes) {}

  Result<std::vector<std::string>> write() {
    struct stat status{};
    if (::fstat(root_, &status) != 0) return fail(os_error("fstat", "the tree"));
    Fd directory = open_below(root_, "", O_RDONLY | O_DIRECTORY);
    if (!directory) return fail(os_error("openat2", "the tree"));
    TRY(out_.begin(TRY(entry_of(directory.get(), ".", ".", status, EntryKind::kDirectory))));
    TRY(enter("", std::move(directory)));
    while (!levels_.empty()) TRY(step());
    return losses_.notes();
  }

 private:
  // A directory that is being written. Its descriptor is closed while one in it is.
  struct Level {
    std::string path;
    std::vector<std::string> names = {};  // sorted backwards: the next one is the last
    Fd directory;
  };

  Fd open_below(int directory, const std::string& path, int flags) const {
    Fd found = open_in_tree(directory, path, flags);
    if (found || errno != EXDEV || options_.mounts == Mounts::kLeftOut) return found;
    return open_over_mounts(directory, path, flags);
  }

  // "." and "a/b" as they are called in the archive.
  std::string named(const std::string& path) const {
    if (options_.name.empty()) return path;
    return path == "." ? options_.name : options_.name + "/" + path;
  }

  Result<> enter(std::string path, Fd directory) {
    if (!levels_.empty()) levels_.back().directory = Fd();
    std::vector<std::string> names = TRY(kernel::names_in(directory, path));
    std::ranges::sort(names, std::greater());
    levels_.push_back({.path = std::move(path), .names = std::move(names), .directory = std::move(directory)});
    return {};
  }

  Result<> step() {
    Level& level = levels_.back();
    if (level.names.empty()) {
      levels_.pop_back();
      return {};
    }
    if (!level.directory) level.directory = open_below(root_, level.path, O_RDONLY | O_DIRECTORY);
    if (!level.directory) {
      if (!is_gone(errno)) return fail(os_error("openat2", level.path));
      losses_.add(kGone, level.path);
      levels_.pop_back();
      return {};
    }
    const std::string base = std::move(level.names.back());
    level.names.pop_back();
    const std::string path = image::joined(level.path, base);
    if (const Result<> written = one(level.directory.get(), base, path); !written) {
      return fail(in(image::quoted_name(path), written.error()));
    }
    return {};
  }

  Result<> one(int directory, const std::string& base, const std::string& path) {
    if (path.size() >= PATH_MAX - 1)
      return fail(complaint(fmt::format("its path is longer than {} bytes", PATH_MAX - 2)));
    if (options_.leave_out.contains(path)) return {};
    struct stat status{};
    if (::fstatat(directory, base.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return lost(path, "fstatat");
    if (form_ == TreeForm::kLayer && base.starts_with(kWhiteout)) {
      losses_.add(kHidden, path);
      return {};
    }
    switch (status.st_mode & S_IFMT) {
      case S_IFDIR: return enter_directory(directory, base, path, status);
      case S_IFREG: return write_file(directory, base, path);
      case S_IFLNK: return write_symbolic_link(directory, base, path, status);
      case S_IFCHR:
        if (form_ == TreeForm::kLayer && status.st_rdev == 0) return write_whiteout(path, base);
        return write_node(directory, base, path, status, EntryKind::kCharacterDevice);
      case S_IFBLK: return write_node(directory, base, path, status, EntryKind::kBlockDevice);
      case S_IFIFO: return write_node(directory, base, path, status, EntryKind::kFifo);
      default: losses_.add(kSockets, path); return {};
    }
  }

  // What could not be opened or looked at, and why.
  Result<> lost(const std::string& path, const char* call) {
    if (errno == EXDEV) {
      losses_.add(kMounted, path);
    } else if (is_gone(errno)) {
      losses_.add(kGone, path);
    } else {
      return fail(os_error(call, path));
    }
    return {};
  }

  Result<TarEntry> entry_of(int directory, const std::string& base, const std::string& path, const struct stat& status,
                            EntryKind kind) {
    const image::Metadata metadata = TRY(image::read_metadata(directory, base, status));
    TarEntry entry = plain_entry(kind, named(path));
    entry.mode = metadata.mode;
    entry.uid = image::mapped_owner(options_.owners.uids, metadata.owner.uid).value_or(kNobody);
    entry.gid = image::mapped_owner(options_.owners.gids, metadata.owner.gid).value_or(kNobody);
    entry.mtime = metadata.mtime;
    for (const auto& [name, value] : metadata.attributes) {
      if (name == image::kAccessAclAttribute) {
        entry.access_acl = image::acl_text(value);
      } else if (name == image::kDefaultAclAttribute) {
        entry.default_acl = image::acl_text(value);
      } else if (name != "security.capability" && !name.starts_with("user.")) {
        continue;
      } else if (name.find('=') != std::string::npos) {
        losses_.add(kAttributes, path);
      } else {
        entry.attributes.emplace_back(name, value);
      }
    }
    std::ranges::sort(entry.attributes);
    return entry;
  }

  // True if the file has been written by another of its names; then it is written as a link to that.
  Result<bool> link_to_first(const TarEntry& entry, const struct stat& status) {
    if (status.st_nlink < 2) return false;
    const auto [first, is_new] = first_names_.try_emplace({status.st_dev, status.st_ino}, entry.name);
    if (is_new) return false;
    TarEntry link = entry;
    link.kind = EntryKind::kHardLink;
    link.link_target = first->second;
    link.size = 0;
    link.attributes.clear();
    link.access_acl.reset();
    TRY(out_.begin(link));
    return true;
  }

  Result<> enter_directory(int parent, const std::string& base, const std::string& path, const struct stat& status) {
    if (form_ == TreeForm::kLayer && overlay_note(parent, base, options_.notes, "redirect")) return fail(redirected());
    Fd directory = open_below(parent, base, O_RDONLY | O_DIRECTORY);
    if (!directory) return lost(path, "openat2");
    TRY(out_.begin(TRY(entry_of(parent, base, path, status, EntryKind::kDirectory))));
    if (form_ == TreeForm::kLayer && is_opaque(parent, base, options_.notes)) {
      TRY(out_.add(plain_entry(EntryKind::kFile, path + "/" + kOpaque), ""));
    }
    return enter(path, std::move(directory));
  }

  Result<> write_file(int directory, const std::string& base, const std::string& path) {
    // Opened for its content only once it is known to be a file: it may have become a device meanwhile.
    const Fd found = open_below(directory, base, O_PATH | O_NOFOLLOW);
    if (!found) return lost(path, "openat2");
    struct stat status{};
    if (::fstat(found.get(), &status) != 0) return fail(os_error("fstat", path));
    if (!S_ISREG(status.st_mode)) {
      losses_.add(kGone, path);
      return {};
    }
    if (form_ == TreeForm::kLayer && overlay_note(directory, base, options_.notes, "metacopy"))
      return fail(redirected());
    TarEntry entry = TRY(entry_of(directory, base, path, status, EntryKind::kFile));
    if (TRY(link_to_first(entry, status))) return {};
    entry.size = status.st_size;
    const Fd file = TRY(kernel::open_file(fmt::format("/proc/self/fd/{}", found.get()), O_RDONLY));
    TRY(out_.begin(entry));
    for (std::int64_t left = entry.size; left > 0;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, kReadBytes));
      const ssize_t length = kernel::retry([&] { return ::read(file.get(), buffer_.data(), wanted); });
      if (length < 0) return fail(os_error("read", path));
      std::size_t part = static_cast<std::size_t>(length);
      if (part == 0) {
        losses_.add(kShorter, path);
        std::ranges::fill(buffer_, '\0');
        part = wanted;
      }
      TRY(out_.write({buffer_.data(), part}));
      left -= static_cast<std::int64_t>(part);
    }
    return out_.end();
  }

  Result<> write_symbolic_link(int directory, const std::string& base, const std::string& path,
                               const struct stat& status) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(directory, base.c_str(), target.data(), target.size());
    if (length < 0) return errno == EINVAL ? (losses_.add(kGone, path), Result<>()) : lost(path, "readlinkat");
    TarEntry entry = TRY(entry_of(directory, base, path, status, EntryKind::kSymbolicLink));
    entry.mode = 0777;
    if (TRY(link_to_first(entry, status))) return {};
    entry.link_target = target.substr(0, static_cast<std::size_t>(length));
    return out_.begin(entry);
  }

  Result<> write_node(int directory, const std::string& base, const std::string& path, const struct stat& status,
                      EntryKind kind) {
    TarEntry entry = TRY(entry_of(directory, base, path, status, kind));
    if (TRY(link_to_first(entry, status))) return {};
    if (kind != EntryKind::kFifo) {
      entry.device_major = major(status.st_rdev);
      entry.device_minor = minor(status.st_rdev);
    }
    return out_.begin(entry);
  }

  Result<> write_whiteout(const std::string& path, const std::string& base) {
    const std::string name = path.substr(0, path.size() - base.size()) + std::string(kWhiteout) + base;
    return out_.add(plain_entry(EntryKind::kFile, name), "");
  }

  static Error redirected() {
    return complaint("its content is in a layer below, by an order of overlay's that no layer of images has",
                     "the overlay was mounted with redirect_dir=on or metacopy=on");
  }

  int root_;
  const TreeOptions& options_;
  TreeForm form_;
  TarWriter& out_;
  std::vector<char> buffer_;
  std::vector<Level> levels_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names_;  // of files that have several
  image::Losses losses_;
};

}  // namespace

Result<std::vector<std::string>> write_tree(int root, const TreeOptions& options, TarWriter& out) {
  return TreeWriter(root, options, out).write();
}

}  // namespace caisson::archive
