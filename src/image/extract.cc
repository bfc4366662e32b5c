#include "image/extract.h"

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "image/copy_up.h"
#include "image/layer_name.h"
#include "image/layers.h"
#include "image/quoted.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

// Copies of files below, until the end: no entry of a layer can have this name (layer_name.h).
constexpr const char* kCopies = ".wh..wh.below";
constexpr std::size_t kMostCopiesBytes = std::size_t{8} << 20;

bool looks_like_whiteout(const TarEntry& entry) {
  return entry.kind == EntryKind::kCharacterDevice && entry.device_major == 0 && entry.device_minor == 0;
}

}  // namespace

Extractor::Extractor(Fd root, Privilege privilege, OwnerMaps owners, std::optional<LowerTrees> lower)
    : is_layer_(lower.has_value()),
      privilege_(privilege),
      writer_(privilege, std::move(owners), losses_),
      lower_(std::move(lower).value_or(LowerTrees())),
      directories_(std::move(root), writer_, lower_),
      whiteouts_(directories_, lower_) {}

Result<> Extractor::apply(const TarEntry& entry, ContentReader& content) {
  TRY_IN(quoted_name(entry.name), make(entry, content));
  return {};
}

Result<> Extractor::make(const TarEntry& entry, ContentReader& content) {
  const std::string name = TRY(normal_name(entry.name));
  if (name.empty() && entry.kind != EntryKind::kDirectory) return fail(complaint("the root must be a directory"));
  if (is_layer_) {
    const LayerName layer_name = TRY(read_layer_name(name));
    switch (layer_name.kind) {
      case LayerNameKind::kFile: break;
      case LayerNameKind::kLeftOut: return {};
      case LayerNameKind::kWhiteout:
      case LayerNameKind::kOpaque: return whiteouts_.add(layer_name);
    }
    if (name.starts_with(kAufsLinks)) has_aufs_links_ = true;
  }
  const Place place = place_of(name);
  if (entry.kind == EntryKind::kHardLink) return make_hard_link(place, entry);
  return make_at(place, entry, TRY(writer_.of_entry(entry)), content);
}

Result<> Extractor::make_at(const Place& place, const TarEntry& entry, const Metadata& metadata,
                            ContentReader& content) {
  const bool device = entry.kind == EntryKind::kCharacterDevice || entry.kind == EntryKind::kBlockDevice;
  if (looks_like_whiteout(entry)) {
    losses_.add("character devices 0/0 were left out, which to the overlay file system are files that are gone",
                entry.name);
    return {};
  }
  if (device && privilege_ == Privilege::kUser) {
    lose_device(entry);
    return {};
  }
  TRY(directories_.enter(place.directory, entry.mtime));
  switch (entry.kind) {
    case EntryKind::kDirectory: return directories_.make(place.base, metadata);
    case EntryKind::kFile: return make_file(place.base, entry, metadata, content);
    case EntryKind::kSymbolicLink: return make_symbolic_link(place.base, entry, metadata);
    case EntryKind::kCharacterDevice:
    case EntryKind::kBlockDevice:
    case EntryKind::kFifo: return make_node(place.base, entry, metadata);
    case EntryKind::kHardLink: break;
  }
  return {};
}

void Extractor::lose_device(const TarEntry& entry) {
  losses_.add("device nodes were left out, which this user cannot make", entry.name);
  devices_lost_ = true;
}

// Runs `create`, which must fail with EEXIST rather than use what is there; if so, clears the place and runs it once
// more.
template <class Create>
Result<> Extractor::make_in_place(const std::string& base, const char* call, Create create) {
  const int directory = directories_.changing();
  if (create(directory)) return {};
  if (errno == EEXIST) {
    TRY(remove_existing(base));
    if (create(directory)) return {};
  }
  return fail(os_error(call, base));
}

Result<> Extractor::remove_existing(const std::string& base) {
  const int directory = directories_.changing();
  directories_.forget_name();
  if (::unlinkat(directory, base.c_str(), 0) == 0) return {};
  if (errno != EISDIR) return fail(os_error("unlinkat", base));
  if (is_layer_) return kernel::remove_tree_at(directory, base);
  if (::unlinkat(directory, base.c_str(), AT_REMOVEDIR) == 0) return {};
  if (errno == ENOTEMPTY || errno == EEXIST) return fail(complaint("a directory with something in it is in its place"));
  return fail(os_error("unlinkat", base));
}

Result<> Extractor::make_file(const std::string& base, const TarEntry& entry, const Metadata& metadata,
                              ContentReader& content) {
  Fd file;
  TRY(make_in_place(base, "openat", [&](int directory) {
    file = Fd(::openat(directory, base.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       metadata.mode & ~kSetIdBits));
    return static_cast<bool>(file);
  }));
  for (;;) {
    const Piece piece = TRY(content.data());
    if (piece.bytes.empty()) break;
    if (entry.sparse && ::lseek(file.get(), piece.offset, SEEK_SET) < 0) return fail(os_error("lseek", base));
    TRY(kernel::write_all(file.get(), piece.bytes, base));
    bytes_ += piece.bytes.size();
  }
  if (entry.sparse && ::ftruncate(file.get(), entry.size) != 0) {
    return fail(os_error("ftruncate", fmt::format("{}, {}", base, entry.size)));
  }
  return writer_.set(file.get(), metadata, entry.name);
}

Result<> Extractor::make_symbolic_link(const std::string& base, const TarEntry& entry, const Metadata& metadata) {
  if (entry.link_target.empty()) return fail(complaint("the symbolic link has no target"));
  TRY(make_in_place(base, "symlinkat", [&](int directory) {
    return ::symlinkat(entry.link_target.c_str(), directory, base.c_str()) == 0;
  }));
  return writer_.set_at(directories_.fd(), base, entry.kind, metadata, entry.name);
}

Result<> Extractor::make_node(const std::string& base, const TarEntry& entry, const Metadata& metadata) {
  const bool device = entry.kind != EntryKind::kFifo;
  const mode_t type = !device ? S_IFIFO : entry.kind == EntryKind::kCharacterDevice ? S_IFCHR : S_IFBLK;
  const dev_t number = device ? makedev(entry.device_major, entry.device_minor) : 0;
  const Result<> made = make_in_place(base, "mknodat", [&](int directory) {
    return ::mknodat(directory, base.c_str(), type | (metadata.mode & ~kSetIdBits), number) == 0;
  });
  if (!made && made.error().call == "mknodat" && made.error().number == EPERM && device) {
    lose_device(entry);  // root of a user namespace
    return {};
  }
  TRY(made);
  return writer_.set_at(directories_.fd(), base, entry.kind, metadata, entry.name);
}

// ---- hard links ---------------------------------------------------------------------------------------------------

Result<> Extractor::make_hard_link(const Place& place, const TarEntry& entry) {
  constexpr const char* kTarget = "target of the hard link";
  const std::string name = TRY_IN(kTarget, normal_name(entry.link_target));
  if (name.empty()) return fail(complaint("the hard link's target is the root"));
  Result<Fd> found = find_link_target(name);
  if (!found && found.error().number == ENOENT && devices_lost_) {
    losses_.add(
        "hard links to files that are not there were left out, as are device nodes, which this user cannot make",
        entry.name);
    return {};
  }
  const Fd target = TRY_IN(kTarget, std::move(found));
  struct stat from{};
  if (::fstat(target.get(), &from) != 0) return fail(in(kTarget, os_error("fstat", name)));
  if (S_ISDIR(from.st_mode)) return fail(complaint("the hard link's target is a directory"));

  TRY(directories_.enter(place.directory, entry.mtime));
  if (link(target, place.base)) return {};
  // A link to itself, or one that is there twice, is there already: clearing its place could remove the last one.
  struct stat to{};
  if (errno == EEXIST && ::fstatat(directories_.fd(), place.base.c_str(), &to, AT_SYMLINK_NOFOLLOW) == 0 &&
      to.st_ino == from.st_ino && to.st_dev == from.st_dev) {
    return {};
  }
  return make_in_place(place.base, "linkat", [&](int) { return link(target, place.base); });
}

// The file in this tree, without following it, or a copy of the one in the layers below.
Result<Fd> Extractor::find_link_target(const std::string& name) {
  const Place place = place_of(name);
  const Directories::Visit visit = TRY(directories_.visit(place.directory));
  struct stat status{};
  if (visit == Directories::Visit::kThere) {
    if (::fstatat(directories_.fd(), place.base.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      if (is_whiteout(status)) return fail(complaint(name + " is gone by this layer's own words"));
      return kernel::open_file_at(directories_.fd(), place.base, O_PATH | O_NOFOLLOW);
    }
    if (errno != ENOENT) return fail(os_error("fstatat", name));
  }
  const bool hidden = visit == Directories::Visit::kBlocked;
  if (const std::optional<std::string> copy = hidden ? std::nullopt : TRY(copy_of(name))) {
    return kernel::open_file_at(directories_.fd(), *copy, O_PATH | O_NOFOLLOW);
  }
  errno = ENOENT;
  return fail(os_error("fstatat", name));
}

// Copies the file `name` of the layers below, unless that was done before, and goes to the directory of the copies.
// They are put in their places at the end: until then the whiteouts of the layer are about the files below.
Result<std::optional<std::string>> Extractor::copy_of(const std::string& name) {
  const auto known = copies_.find(name);
  if (known != copies_.end()) {
    TRY(directories_.enter(kCopies, {}));
    return known->second;
  }
  const auto below = TRY(lower_.find(name));
  if (!below) return std::nullopt;
  copies_bytes_ += sizeof copies_ + name.size();
  if (copies_bytes_ > kMostCopiesBytes)
    return fail(complaint("the layer has too many hard links to files of other layers"));

  const TarEntry entry = TRY(entry_of(*below, name));
  const Metadata metadata = TRY(read_metadata(below->directory, below->base, below->status));
  FileContent content = TRY(FileContent::open(*below));
  const std::string base = std::to_string(copies_.size());
  TRY(make_at({.directory = kCopies, .base = base}, entry, metadata, content));
  copies_.emplace(name, base);
  return base;
}

// A file below that hard links of this layer name is one with them, if the layer leaves it where it is.
Result<> Extractor::place_copies() {
  for (const auto& [name, base] : copies_) {
    TRY(directories_.enter(kCopies, {}));
    const Fd copy = TRY(kernel::open_file_at(directories_.fd(), base, O_PATH | O_NOFOLLOW));
    const Place place = place_of(name);
    const Directories::Visit visit = TRY(directories_.visit(place.directory));
    if (visit == Directories::Visit::kBlocked) continue;
    if (visit == Directories::Visit::kAbsent) TRY(directories_.enter(place.directory, {}));
    if (!link(copy, place.base) && errno != EEXIST) return fail(in(quoted_name(name), os_error("linkat", place.base)));
  }
  return {};
}

// Through proc(5): linking a descriptor takes a capability, and the directory that it was opened in may be shut by now.
bool Extractor::link(const Fd& target, const std::string& base) {
  const std::string path = fmt::format("/proc/self/fd/{}", target.get());
  return ::linkat(AT_FDCWD, path.c_str(), directories_.changing(), base.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

Result<> Extractor::finish() {
  TRY(whiteouts_.finish());
  TRY(place_copies());
  TRY(directories_.enter("", {}));
  if (!copies_.empty()) TRY(kernel::remove_tree_at(directories_.changing(), kCopies));
  if (has_aufs_links_) TRY(kernel::remove_tree_at(directories_.changing(), kAufsLinks));
  return directories_.finish();
}

}  // namespace caisson::image
