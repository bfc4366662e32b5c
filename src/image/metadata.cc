#include "image/metadata.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/acl.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr mode_t kImpliedDirectoryMode = 0755;

std::array<struct timespec, 2> only_mtime(const struct timespec& mtime) {
  return {timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, mtime};
}

Error owner_error(const char* call, Owner owner) {
  Error error = os_error(call, fmt::format("{}:{}", owner.uid, owner.gid));
  if (error.number == EINVAL) error.hint = "this owner is not mapped in the user namespace";
  return error;
}

// A link cannot be opened, and a descriptor with O_PATH gives no attributes: the path through proc(5) does.
std::string path_below(int directory, const std::string& base) {
  return fmt::format("/proc/self/fd/{}/{}", directory, base);
}

}  // namespace

void Losses::add(const std::string& what, std::string_view name) {
  Loss& loss = kinds_[what];
  if (loss.count++ == 0) loss.first = quoted_name(name);
}

std::vector<std::string> Losses::notes() const {
  std::vector<std::string> lines;
  for (const auto& [what, loss] : kinds_) {
    lines.push_back(loss.count == 1 ? fmt::format("{}: at {}", what, loss.first)
                                    : fmt::format("{}: at {} and {} more", what, loss.first, loss.count - 1));
  }
  return lines;
}

bool is_overlay_attribute(std::string_view name) {
  return name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.");
}

bool is_acl(std::string_view name) { return name == kAccessAclAttribute || name == kDefaultAclAttribute; }

Result<Metadata> read_metadata(int directory, const std::string& base, const struct stat& status) {
  Metadata metadata{.mode = status.st_mode & 07777U,
                    .owner = {.uid = status.st_uid, .gid = status.st_gid},
                    .mtime = status.st_mtim,
                    .attributes = {}};
  const std::string path = path_below(directory, base);
  if (::llistxattr(path.c_str(), nullptr, 0) == 0) return metadata;
  std::string names(XATTR_LIST_MAX, '\0');
  const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
  if (length < 0 && errno != ENOTSUP) return fail(os_error("llistxattr", base));
  names.resize(static_cast<std::size_t>(length < 0 ? 0 : length));
  std::string value(names.empty() ? 0 : XATTR_SIZE_MAX, '\0');
  for (const char* name = names.c_str(); name < names.c_str() + names.size(); name += std::strlen(name) + 1) {
    if (is_overlay_attribute(name)) continue;
    const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    if (size < 0) return fail(os_error("lgetxattr", name));
    metadata.attributes.emplace_back(name, value.substr(0, static_cast<std::size_t>(size)));
  }
  return metadata;
}

Result<Owner> MetadataWriter::mapped(std::uint32_t uid, std::uint32_t gid) const {
  if (privilege_ != Privilege::kRoot) return Owner{};
  const auto user = mapped_owner(owners_.uids, uid);
  const auto group = mapped_owner(owners_.gids, gid);
  if (user && group) return Owner{.uid = *user, .gid = *group};
  errno = EINVAL;
  return fail(owner_error("chown", {.uid = uid, .gid = gid}));
}

Result<Metadata> MetadataWriter::of_entry(const TarEntry& entry) {
  Metadata metadata{
      .mode = entry.mode, .owner = TRY(mapped(entry.uid, entry.gid)), .mtime = entry.mtime, .attributes = {}};
  for (const auto& attribute : entry.attributes) {
    if (is_overlay_attribute(attribute.first)) {
      losses_.add("extended attributes were left out that give orders to the overlay file system", entry.name);
    } else {
      metadata.attributes.push_back(attribute);
    }
  }
  const auto add_acl = [&](const std::optional<std::string>& text, const char* name) {
    if (!text) return;
    if (std::optional<std::string> value = acl_attribute(*text)) {
      metadata.attributes.emplace_back(name, std::move(*value));
    } else {
      losses_.add("access control lists were left out that name users without their numbers", entry.name);
    }
  };
  if (entry.kind != EntryKind::kSymbolicLink) add_acl(entry.access_acl, kAccessAclAttribute);
  if (entry.kind == EntryKind::kDirectory) add_acl(entry.default_acl, kDefaultAclAttribute);
  return metadata;
}

Result<Metadata> MetadataWriter::of_implied_directory(const struct timespec& mtime) const {
  return Metadata{.mode = kImpliedDirectoryMode, .owner = TRY(mapped(0, 0)), .mtime = mtime, .attributes = {}};
}

// The order matters: a change of owner takes set-ID bits and capabilities away, a write or a new attribute changes
// times.
Result<> MetadataWriter::set(int fd, const Metadata& metadata, const std::string& name) {
  TRY(set_owner(fd, metadata.owner));
  if ((metadata.mode & kSetIdBits) != 0) TRY(set_mode(fd, metadata.mode));
  TRY(set_attributes(fd, metadata.attributes, name));
  return set_mtime(fd, metadata.mtime);
}

Result<> MetadataWriter::set_at(int directory, const std::string& base, EntryKind kind, const Metadata& metadata,
                                const std::string& name) {
  TRY(set_owner_at(directory, base.c_str(), metadata.owner));
  // Made a moment ago by mknodat: no link that fchmodat could follow.
  if (kind != EntryKind::kSymbolicLink && (metadata.mode & kSetIdBits) != 0 &&
      ::fchmodat(directory, base.c_str(), metadata.mode, 0) != 0) {
    return fail(os_error("fchmodat", fmt::format("{:o}", metadata.mode)));
  }
  if (!metadata.attributes.empty()) {
    const std::string path = path_below(directory, base);
    TRY(set_each(metadata.attributes, name, [&](const char* attribute, const std::string& value) {
      return ::lsetxattr(path.c_str(), attribute, value.data(), value.size(), 0) == 0;
    }));
  }
  if (::utimensat(directory, base.c_str(), only_mtime(metadata.mtime).data(), AT_SYMLINK_NOFOLLOW) != 0) {
    return fail(os_error("utimensat", "mtime"));
  }
  return {};
}

// Of `name` in the directory, or of the directory itself where there is no name.
Result<> MetadataWriter::set_owner_at(int directory, const char* name, Owner owner) {
  if (privilege_ != Privilege::kRoot) return {};
  if (::fchownat(directory, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0) return {};
  return fail(owner_error(*name == '\0' ? "fchown" : "fchownat", owner));
}

Result<> MetadataWriter::set_attributes(int fd, const Attributes& attributes, const std::string& name) {
  return set_each(attributes, name, [fd](const char* attribute, const std::string& value) {
    return ::fsetxattr(fd, attribute, value.data(), value.size(), 0) == 0;
  });
}

// What the file system or the user cannot keep is noted. A lost file capability would be a program that does not work:
// an error.
template <class Set>
Result<> MetadataWriter::set_each(const Attributes& attributes, const std::string& name, Set set) {
  for (const auto& [attribute, value] : attributes) {
    if (set(attribute.c_str(), value)) continue;
    const bool refused = errno == ENOTSUP || errno == EPERM || errno == EACCES;
    if (!refused || (attribute == "security.capability" && privilege_ == Privilege::kRoot)) {
      return fail(os_error("setxattr", attribute));
    }
    losses_.add("extended attributes were left out that the file system or this user cannot have", name);
  }
  return {};
}

Result<> set_mode(int fd, std::uint32_t mode) {
  if (::fchmod(fd, mode) != 0) return fail(os_error("fchmod", fmt::format("{:o}", mode)));
  return {};
}

Result<> set_mtime(int fd, const struct timespec& mtime) {
  if (::futimens(fd, only_mtime(mtime).data()) != 0) return fail(os_error("futimens", "mtime"));
  return {};
}

}  // namespace caisson::image
