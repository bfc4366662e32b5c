// What a file has besides its content: owner, mode, times, attributes. As an archive gives it, as a file has it, and as
// it is given to what was unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <time.h>

#include "base/result.h"
#include "image/owner_map.h"
#include "image/pax.h"
#include "image/tar_reader.h"

namespace caisson::image {

/// What can be kept: root sets owners and makes devices. For anyone else what is unpacked is their own, as with tar,
/// and device nodes are left out.
enum class Privilege { kRoot, kUser };

inline constexpr mode_t kSetIdBits = 07000;

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct Metadata {
  std::uint32_t mode = 0;  ///< 07777 at most
  Owner owner;             ///< for chown(2): with the maps applied
  struct timespec mtime{};
  Attributes attributes;  ///< access control lists among them
};

/// What of an archive could not be kept and is no reason to fail.
class Losses {
 public:
  /// One more of the kind `what`, at the entry `name`.
  void add(const std::string& what, std::string_view name);

  /// A line for each kind: how many, and the first.
  std::vector<std::string> notes() const;

 private:
  struct Loss {
    std::size_t count = 0;
    std::string first;
  };
  std::map<std::string, Loss> kinds_;
};

/// True for the attributes that are orders to the overlay file system a tree becomes a layer of.
bool is_overlay_attribute(std::string_view name);

/// Whether the attribute is an access control list.
bool is_acl(std::string_view name);

/// What the file below `directory` has, which is not followed where it is a link.
Result<Metadata> read_metadata(int directory, const std::string& base, const struct stat& status);

/// Gives files their metadata, as far as the process may.
class MetadataWriter {
 public:
  MetadataWriter(Privilege privilege, OwnerMaps owners, Losses& losses)
      : privilege_(privilege), owners_(std::move(owners)), losses_(losses) {}

  Privilege privilege() const { return privilege_; }

  /// What the entry says. Left out are attributes that would be orders to the overlay file system, and access control
  /// lists that name users without their numbers. Error: its owner is not in the maps.
  Result<Metadata> of_entry(const TarEntry& entry);

  /// What a directory gets that no entry describes: root's, 0755.
  Result<Metadata> of_implied_directory(const struct timespec& mtime) const;

  /// Sets all of it on a file that was made with its mode, but for the set-ID bits. `name` is for what is lost.
  Result<> set(int fd, const Metadata& metadata, const std::string& name);

  /// The same for what cannot be opened: a link, a device or a fifo that was made in `directory` a moment ago.
  Result<> set_at(int directory, const std::string& base, EntryKind kind, const Metadata& metadata,
                  const std::string& name);

  Result<> set_owner(int fd, Owner owner) { return set_owner_at(fd, "", owner); }
  Result<> set_attributes(int fd, const Attributes& attributes, const std::string& name);

 private:
  Result<Owner> mapped(std::uint32_t uid, std::uint32_t gid) const;
  Result<> set_owner_at(int directory, const char* name, Owner owner);
  template <class Set>
  Result<> set_each(const Attributes& attributes, const std::string& name, Set set);

  Privilege privilege_;
  OwnerMaps owners_;
  Losses& losses_;
};

Result<> set_mode(int fd, std::uint32_t mode);
Result<> set_mtime(int fd, const struct timespec& mtime);

}  // namespace caisson::image
