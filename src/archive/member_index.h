// Where each file of a tar archive lies in it, so that files can be read in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "archive/files.h"
#include "base/fd.h"
#include "base/result.h"
#include "image/tar_reader.h"

namespace caisson::archive {

/// What of an archive is remembered: more is refused as no archive of images.
inline constexpr std::size_t kMostMembers = 65536;
inline constexpr std::size_t kMostNameBytes = std::size_t{4} << 20;  ///< of all names and link targets

struct Member {
  image::EntryKind kind = image::EntryKind::kFile;
  bool sparse = false;
  bool repeated = false;  ///< a further entry has the same name
  std::int64_t offset = 0;
  std::int64_t size = 0;
  std::string link_target = {};  ///< of a symbolic link
};

/// By name as image::normal_name() gives it. Directories are left out.
using MemberIndex = std::map<std::string, Member, std::less<>>;

/// Reads the headers of an uncompressed archive of `size` bytes in `file`, and seeks over what lies between them.
/// `look` sees each entry with its normal name, and ends the reading by giving false. Errors: what image::TarReader
/// refuses, a name with "..", too many members.
Result<MemberIndex> read_member_index(int file, std::int64_t size,
                                      const std::function<bool(const std::string&, const image::TarEntry&)>& look);
Result<MemberIndex> read_member_index(int file, std::int64_t size);

/// The files of an archive. A symbolic link is followed once, to a file of the archive; hard links, sparse files,
/// devices and what stands there twice are refused when they are asked for.
class MemberFiles : public Files {
 public:
  MemberFiles(std::shared_ptr<const Fd> file, MemberIndex index) : file_(std::move(file)), index_(std::move(index)) {}

  Result<std::optional<Extent>> find(const std::string& name) const override;

 private:
  std::shared_ptr<const Fd> file_;
  MemberIndex index_;
};

/// The name that the link `name` leads to with its `target`, which is relative to where the link lies. Nothing if that
/// leads out of the archive.
std::optional<std::string> linked_name(std::string_view name, std::string_view target);

}  // namespace caisson::archive
