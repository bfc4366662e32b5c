// The records of a pax extended header: "LENGTH KEY=VALUE\n" (POSIX.1-2017, "pax", section pax Extended Header).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <time.h>

#include "base/result.h"
#include "image/sparse.h"

namespace caisson::image {

/// Extended attributes in the order of the archive: name and value.
using Attributes = std::vector<std::pair<std::string, std::string>>;

/// What pax records say about an entry; what is not set is as in the header block.
struct PaxRecords {
  std::optional<std::string> path;
  std::optional<std::string> link_target;
  std::optional<std::int64_t> size;
  std::optional<std::int64_t> uid;
  std::optional<std::int64_t> gid;
  std::optional<struct timespec> mtime;
  Attributes attributes;                   ///< SCHILY.xattr.NAME and LIBARCHIVE.xattr.NAME
  std::optional<std::string> access_acl;   ///< SCHILY.acl.access: an access control list as text
  std::optional<std::string> default_acl;  ///< SCHILY.acl.default

  // GNU.sparse.*: the three ways in which GNU tar has written sparse files.
  std::optional<std::string> sparse_name;
  std::optional<std::int64_t> sparse_major;
  std::optional<std::int64_t> sparse_minor;
  std::optional<std::int64_t> sparse_real_size;
  std::optional<std::int64_t> sparse_count;  ///< present in 0.0 and 0.1
  std::vector<Segment> sparse_map;           ///< 0.0 and 0.1
};

/// Adds the records in `data` to `records`; later ones win, an empty value takes a field back. Unknown keys are left
/// alone. Errors: a record that is none, a number that is none or negative, a name with a NUL in it.
Result<> parse_pax_records(std::string_view data, PaxRecords& records);

/// The same for a global header, of which only uid, gid and mtime are taken: a name or size for all entries makes no
/// sense.
Result<> parse_global_pax_records(std::string_view data, PaxRecords& records);

/// "-1.5" as a moment: {-2 s, 500,000,000 ns}. Digits beyond nanoseconds are dropped.
std::optional<struct timespec> parse_pax_time(std::string_view text);

}  // namespace caisson::image
