// An archive as it is given, made into an open file that can be read anywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "archive/files.h"
#include "base/fd.h"
#include "base/result.h"

namespace caisson::archive {

struct ArchiveFile {
  std::shared_ptr<const Fd> file;  ///< not compressed; to be read by pread(2)
  std::int64_t size = 0;
};

/// Opens the file `path`, or standard input for "-". A regular file that is not compressed is read where it lies;
/// anything else is decompressed (gzip, zstd, xz, bzip2) into a file without a name in the directory `spool`. Errors:
/// it cannot be read, is a directory, or its compressed data are damaged.
Result<ArchiveFile> open_archive_file(const std::string& path, const std::string& spool);

/// What is in the compressed file at `extent`, in a file without a name in the directory `spool`.
Result<Extent> decompressed(const Extent& extent, const std::string& spool);

/// `text` in a file without a name in the directory `spool`.
Result<Extent> spooled_text(std::string_view text, const std::string& spool);

}  // namespace caisson::archive
