// Files by name, wherever they lie: below a directory or in an archive. What names them is hostile, and what they are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "image/decompress.h"

namespace caisson::archive {

/// The content of a file: a part of one that is open, to be read by pread(2).
struct Extent {
  std::shared_ptr<const Fd> file;
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

class Files {
 public:
  virtual ~Files() = default;

  /// The file of this name (relative, without ".."); nothing if there is none. Errors: it is no regular file; it is
  /// there in a way that can be read as two things.
  virtual Result<std::optional<Extent>> find(const std::string& name) const = 0;
};

/// The files below the directory `path`. Symbolic links do not lead out of it.
Result<std::shared_ptr<const Files>> files_below(const std::string& path);

/// find(), where a missing file is an error.
Result<Extent> require(const Files& files, const std::string& name);

/// The whole content of a file. Errors: it is missing, has more than `limit_bytes`, or became shorter.
Result<std::string> read_whole(const Files& files, const std::string& name, std::size_t limit_bytes);

/// Reads an extent front to back, from the byte `at` of it on.
class ExtentInput : public image::Input {
 public:
  explicit ExtentInput(Extent extent, std::int64_t at = 0);

  /// The next piece. Error: the file has become shorter.
  Result<std::string_view> more() override;

 private:
  Extent extent_;
  std::int64_t at_;
  std::unique_ptr<char[]> buffer_;
};

/// How a file is compressed, by its first bytes.
Result<image::Compression> compression_of(const Extent& extent);

/// "sha256:HEX" of its bytes.
Result<std::string> digest_of(const Extent& extent);

}  // namespace caisson::archive
