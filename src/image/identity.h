// Which file it is, and whether it is still the same: what saves a tarball from being hashed at every run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace caisson::image {

/// A regular file's identity. Two equal ones mean the same content, if the file was not racy (see below) when it was
/// read.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;

  bool operator==(const FileIdentity&) const = default;

  /// The name of the file's entry in the index: "DEVICE-INODE" in hexadecimal. One file has one entry, whatever happens
  /// to it.
  std::string key() const;

  /// True if the file was touched less than two seconds before `now_ns`: it may then be changed once more without a new
  /// time stamp on file systems that keep seconds, so what was read must not be remembered (git's "racily clean").
  bool racy_at(std::int64_t now_ns) const;
};

FileIdentity identity_of(const struct stat& status);

/// An index entry, "size mtime ctime sha256:HEX\n".
std::string index_entry(const FileIdentity& identity, std::string_view digest);

/// The digest in `entry` if it was written for exactly `identity`.
std::optional<std::string> digest_in_entry(std::string_view entry, const FileIdentity& identity);

}  // namespace caisson::image
