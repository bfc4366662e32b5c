#include "image/identity.h"

#include <algorithm>

#include <fmt/format.h>

#include "image/digest_name.h"

namespace caisson::image {

namespace {
constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::int64_t kRacy_ns = 2 * kSecond_ns;
}  // namespace

std::string FileIdentity::key() const { return fmt::format("{:x}-{:x}", device, inode); }

// The change time is never before the modification time of the last write, and cannot be set back by utimensat(2).
bool FileIdentity::racy_at(std::int64_t now_ns) const { return ctime_ns > now_ns - kRacy_ns; }

FileIdentity identity_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .mtime_ns = status.st_mtim.tv_sec * kSecond_ns + status.st_mtim.tv_nsec,
          .ctime_ns = status.st_ctim.tv_sec * kSecond_ns + status.st_ctim.tv_nsec};
}

std::string index_entry(const FileIdentity& identity, std::string_view digest) {
  return fmt::format("{} {} {} {}\n", identity.size, identity.mtime_ns, identity.ctime_ns, digest);
}

std::optional<std::string> digest_in_entry(std::string_view entry, const FileIdentity& identity) {
  const std::size_t last_space = entry.rfind(' ');
  if (last_space == std::string_view::npos || !entry.ends_with('\n')) return std::nullopt;
  const std::string_view digest = entry.substr(last_space + 1, entry.size() - last_space - 2);
  if (!is_digest(digest) || entry != index_entry(identity, digest)) return std::nullopt;
  return std::string(digest);
}

}  // namespace caisson::image
