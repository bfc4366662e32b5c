#include "changes/place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "image/beneath.h"
#include "image/entry_name.h"
#include "image/quoted.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::changes {

namespace {

using image::EntryKind;
using image::Metadata;
using image::TarEntry;

constexpr const char* kDevices = "device nodes were left out";

bool is_directory(const Fd& fd) {
  struct stat status{};
  return ::fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode);
}

// "a/b/" and "a/b/." as "a/b"; "/" stays.
std::string without_end(std::string path) {
  for (;;) {
    if (path.size() > 1 && path.ends_with('/')) {
      path.pop_back();
    } else if (path.size() > 2 && path.ends_with("/.")) {
      path.resize(path.size() - 2);
    } else {
      return path;
    }
  }
}

class Placing {
 public:
  Placing(int root, const PlaceOptions& options, image::TarReader& archive)
      : root_(root), options_(options), archive_(archive), writer_(options.privilege, {}, losses_) {}

  Result<std::vector<std::string>> all() {
    std::optional<TarEntry> entry = TRY(archive_.next());
    if (options_.form == PlaceForm::kArchive) {
      TRY(choose_directory());
    } else {
      if (!entry) return fail(complaint("there is nothing to copy"));
      top_ = entry->name;
      while (top_.ends_with('/')) top_.pop_back();
      TRY(choose_place(entry->kind == EntryKind::kDirectory));
    }
    for (; entry; entry = TRY(archive_.next())) TRY_IN(image::quoted_name(entry->name), one(*entry));
    TRY(leave_until(""));
    return losses_.notes();
  }

 private:
  // A directory that has been made, and what it gets when all in it is there.
  struct Made {
    std::string path;
    Metadata metadata;
  };

  Result<> choose_directory() {
    base_ = Fd(kernel::open_in_root(root_, options_.path.c_str(), O_PATH));
    if (!base_) return fail(os_error("openat2", options_.path));
    if (!is_directory(base_)) return fail(complaint(fmt::format("{} is not a directory", options_.path)));
    return {};
  }

  // docker-cp(1): what is there decides where it goes.
  Result<> choose_place(bool copies_directory) {
    std::string path = without_end(options_.path);
    const bool wants_directory = path != options_.path;
    Fd there(kernel::open_in_root(root_, path.c_str(), O_PATH));
    if (!there && errno == ENOTDIR)
      return fail(complaint(fmt::format("what {} lies in is no directory", options_.path)));
    if (!there && errno != ENOENT) return fail(os_error("openat2", options_.path));
    if (there && is_directory(there)) {
      base_ = std::move(there);
      becomes_ = options_.contents && copies_directory ? "" : options_.name;
      return {};
    }
    if (there && copies_directory && !options_.overwrite)
      return fail(complaint(fmt::format("a directory cannot be copied to {}, which is a file", options_.path)));
    if (there && wants_directory) return fail(complaint(fmt::format("{} is not a directory", options_.path)));
    if (!there && wants_directory && !copies_directory)
      return fail(complaint(fmt::format("the directory {} is not there", options_.path)));
    TRY(choose_name(path));
    // A link that leads to a file stands for it; one that leads nowhere yet is gone over, as a file is.
    constexpr int kMostLinks = 40;
    for (int links = 0; there && !copies_directory && links < kMostLinks; ++links) {
      const Result<std::string> target = kernel::read_link(fmt::format("/proc/self/fd/{}/{}", base_.get(), becomes_));
      if (!target) break;
      path = target->starts_with('/') ? *target : path.substr(0, path.rfind('/') + 1) + *target;
      TRY(choose_name(path));
    }
    return {};
  }

  // The directory that a path lies in, and what it is called there.
  Result<> choose_name(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "/" : path.substr(0, slash + 1);
    base_ = Fd(kernel::open_in_root(root_, parent.c_str(), O_PATH | O_DIRECTORY));
    if (!base_ && errno == ENOENT) return fail(complaint(fmt::format("the directory {} is not there", parent)));
    if (!base_) return fail(os_error("openat2", parent));
    becomes_ = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (becomes_.empty() || becomes_ == "." || becomes_ == "..")
      return fail(complaint(fmt::format("{} is no name of a file", options_.path)));
    return {};
  }

  // What the entry is called below base_.
  Result<std::string> place_of_name(const std::string& name) const {
    if (options_.form == PlaceForm::kArchive) return image::normal_name(name);
    std::string rest = name;
    while (rest.ends_with('/')) rest.pop_back();
    if (rest != top_ && !rest.starts_with(top_ + "/")) return fail(complaint("it does not belong to what is copied"));
    const std::string below = becomes_ + rest.substr(top_.size());
    return below.empty() || below == "/" ? Result<std::string>("") : image::normal_name(below);
  }

  image::Links links() const {
    return options_.form == PlaceForm::kCopy ? image::Links::kRefused : image::Links::kInRoot;
  }

  // In an archive, links lead where the container would follow them to.
  Result<Fd> open_directory(const std::string& path) {
    if (options_.form == PlaceForm::kCopy)
      return image::open_beneath(base_.get(), path, O_RDONLY | O_DIRECTORY, image::Links::kRefused);
    const std::string whole = options_.path + "/" + path;
    return image::open_beneath(root_, whole, O_RDONLY | O_DIRECTORY, image::Links::kInRoot);
  }

  Result<Fd> open_parent(const std::string& path) {
    Result<Fd> parent = open_directory(path);
    if (parent || parent.error().number != ENOENT || options_.form == PlaceForm::kCopy) return parent;
    const Fd made(kernel::make_in_root(root_, (options_.path + "/" + path).c_str(), kernel::Make::kDirectory));
    if (!made) return fail(os_error("openat2", path));
    return open_directory(path);
  }

  Result<> one(const TarEntry& entry) {
    const std::string path = TRY(place_of_name(entry.name));
    TRY(leave_until(path));
    if (path.empty()) return {};  // the directory that is there keeps what it has
    const image::Place place = image::place_of(path);
    if (is_device(entry.kind) && (options_.harmless || options_.privilege == image::Privilege::kUser)) {
      losses_.add(kDevices, entry.name);
      return {};
    }
    const Fd parent = TRY(open_parent(place.directory));
    if (entry.kind == EntryKind::kHardLink) return make_hard_link(parent, place.base, entry);
    const Metadata metadata = TRY(metadata_of(entry));
    switch (entry.kind) {
      case EntryKind::kDirectory: return make_directory(parent, place.base, path, metadata);
      case EntryKind::kFile: return make_file(parent, place.base, entry, metadata);
      case EntryKind::kSymbolicLink:
        TRY(clear(parent, place.base));
        if (::symlinkat(entry.link_target.c_str(), parent.get(), place.base.c_str()) != 0)
          return fail(os_error("symlinkat", place.base));
        return writer_.set_at(parent.get(), place.base, entry.kind, metadata, entry.name);
      case EntryKind::kCharacterDevice:
      case EntryKind::kBlockDevice:
      case EntryKind::kFifo: return make_node(parent, place.base, entry, metadata);
      case EntryKind::kHardLink: break;
    }
    return {};
  }

  static bool is_device(EntryKind kind) {
    return kind == EntryKind::kCharacterDevice || kind == EntryKind::kBlockDevice;
  }

  Result<Metadata> metadata_of(const TarEntry& entry) {
    Metadata metadata = TRY(writer_.of_entry(entry));
    if (options_.owner) metadata.owner = *options_.owner;
    if (!options_.harmless) return metadata;
    if (entry.kind != EntryKind::kDirectory) metadata.mode &= ~image::kSetIdBits;
    std::erase_if(metadata.attributes, [](const auto& attribute) { return !attribute.first.starts_with("user."); });
    return metadata;
  }

  // Takes away what is in the place of something that is no directory. A file that something is mounted on stays.
  Result<bool> clear(const Fd& parent, const std::string& base) {
    if (::unlinkat(parent.get(), base.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno == EBUSY) return false;
    if (errno != EISDIR) return fail(os_error("unlinkat", base));
    if (!options_.overwrite) return fail(complaint("a directory is in its place", "--overwrite takes it away"));
    TRY(kernel::remove_tree_at(parent.get(), base));
    return true;
  }

  Result<Fd> open_new(const Fd& parent, const std::string& base) {
    if (TRY(clear(parent, base))) {
      return kernel::open_file_at(parent.get(), base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    // Written in place: what the engine has bound there (/etc/hosts), or a file of the host's.
    const Fd found = TRY(kernel::open_file_at(parent.get(), base, O_PATH | O_NOFOLLOW));
    struct stat status{};
    if (::fstat(found.get(), &status) != 0) return fail(os_error("fstat", base));
    if (!S_ISREG(status.st_mode)) return fail(complaint("something is mounted in its place"));
    return kernel::open_file(fmt::format("/proc/self/fd/{}", found.get()), O_WRONLY | O_TRUNC);
  }

  Result<> make_file(const Fd& parent, const std::string& base, const TarEntry& entry, const Metadata& metadata) {
    const Fd file = TRY(open_new(parent, base));
    for (;;) {
      const image::Piece piece = TRY(archive_.data());
      if (piece.bytes.empty()) break;
      if (entry.sparse && ::lseek(file.get(), piece.offset, SEEK_SET) < 0) return fail(os_error("lseek", base));
      TRY(kernel::write_all(file.get(), piece.bytes, base));
    }
    if (entry.sparse && ::ftruncate(file.get(), entry.size) != 0) return fail(os_error("ftruncate", base));
    TRY(image::set_mode(file.get(), metadata.mode & ~image::kSetIdBits));
    return writer_.set(file.get(), metadata, entry.name);
  }

  Result<> make_node(const Fd& parent, const std::string& base, const TarEntry& entry, const Metadata& metadata) {
    TRY(clear(parent, base));
    const mode_t type = entry.kind == EntryKind::kFifo              ? S_IFIFO
                        : entry.kind == EntryKind::kCharacterDevice ? S_IFCHR
                                                                    : S_IFBLK;
    const dev_t number = is_device(entry.kind) ? makedev(entry.device_major, entry.device_minor) : 0;
    if (is_device(entry.kind) && number == 0) {  // to overlay, a file that is gone
      losses_.add(kDevices, entry.name);
      return {};
    }
    if (::mknodat(parent.get(), base.c_str(), type | (metadata.mode & 0777U), number) != 0) {
      if (errno != EPERM) return fail(os_error("mknodat", base));
      losses_.add(kDevices, entry.name);  // root of a user namespace
      return {};
    }
    return writer_.set_at(parent.get(), base, entry.kind, metadata, entry.name);
  }

  Result<> make_hard_link(const Fd& parent, const std::string& base, const TarEntry& entry) {
    const image::Place target = image::place_of(TRY(place_of_name(entry.link_target)));
    const Fd directory = TRY(open_directory(target.directory));
    struct stat from{};
    struct stat to{};
    if (::fstatat(directory.get(), target.base.c_str(), &from, AT_SYMLINK_NOFOLLOW) != 0)
      return fail(os_error("fstatat", entry.link_target));
    if (::fstatat(parent.get(), base.c_str(), &to, AT_SYMLINK_NOFOLLOW) == 0 && from.st_ino == to.st_ino &&
        from.st_dev == to.st_dev)
      return {};
    TRY(clear(parent, base));
    if (::linkat(directory.get(), target.base.c_str(), parent.get(), base.c_str(), 0) != 0)
      return fail(os_error("linkat", base));
    return {};
  }

  Result<> make_directory(const Fd& parent, const std::string& base, const std::string& path,
                          const Metadata& metadata) {
    if (::mkdirat(parent.get(), base.c_str(), 0700) != 0) {
      if (errno != EEXIST) return fail(os_error("mkdirat", base));
      // One that is there keeps what is in it.
      const Fd there = TRY(kernel::open_file_at(parent.get(), base, O_PATH | O_NOFOLLOW));
      if (!is_directory(there) && !(links() == image::Links::kInRoot && leads_to_directory(path))) {
        if (!options_.overwrite)
          return fail(complaint("something that is no directory is in its place", "--overwrite takes it away"));
        TRY(clear(parent, base));
        if (::mkdirat(parent.get(), base.c_str(), 0700) != 0) return fail(os_error("mkdirat", base));
      }
    }
    made_.push_back({.path = path, .metadata = metadata});
    return {};
  }

  bool leads_to_directory(const std::string& path) { return open_directory(path).has_value(); }

  // Directories that the entry at `path` does not lie in are complete.
  Result<> leave_until(const std::string& path) {
    while (!made_.empty() && !path.starts_with(made_.back().path + "/") && path != made_.back().path) {
      const Made made = std::move(made_.back());
      made_.pop_back();
      const Fd directory = TRY_IN(image::quoted_name(made.path), open_directory(made.path));
      TRY_IN(image::quoted_name(made.path), image::set_mode(directory.get(), made.metadata.mode & ~image::kSetIdBits));
      TRY_IN(image::quoted_name(made.path), writer_.set(directory.get(), made.metadata, made.path));
    }
    return {};
  }

  int root_;
  const PlaceOptions& options_;
  image::TarReader& archive_;
  image::Losses losses_;
  image::MetadataWriter writer_;
  Fd base_;              // the directory that is copied to
  std::string top_;      // what the copy is called in the archive
  std::string becomes_;  // and below base_; empty: it is base_ itself
  std::vector<Made> made_;
};

}  // namespace

Result<std::vector<std::string>> place(int root, const PlaceOptions& options, image::TarReader& archive) {
  return Placing(root, options, archive).all();
}

}  // namespace caisson::changes
