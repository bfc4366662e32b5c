// Writing a tar archive front to back: POSIX ustar, and pax records (POSIX.1-2017, "pax") for what does not fit there.
// The same entries give the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/tar_reader.h"

namespace caisson::archive {

/// What takes the bytes of something in their order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<> write(std::string_view bytes) = 0;
};

/// A file, written through a buffer. What is left in that is lost without flush().
class FileSink : public ByteSink {
 public:
  /// `file` has to live as long; `name` is for errors.
  FileSink(int file, std::string name);

  Result<> write(std::string_view bytes) override;
  Result<> flush();

 private:
  int file_;
  std::string name_;
  std::vector<char> buffer_;
};

/// An entry that depends on its name and content alone: root's, from the beginning of time, mode 0644 (a directory
/// 0755).
image::TarEntry plain_entry(image::EntryKind kind, std::string name, std::int64_t size = 0);

/// The header block of a file that is large and has a short name (at most 100 bytes), where there is only room for one
/// block: a size that octal digits cannot say is in base 256, as GNU tar has it.
std::string single_header(const image::TarEntry& entry);

class TarWriter {
 public:
  explicit TarWriter(ByteSink& sink) : sink_(sink) {}

  /// Begins an entry: all fields are written, times in whole seconds, files without holes. A directory's name gets its
  /// slash. A file's content follows: write() as often as it takes, end().
  Result<> begin(const image::TarEntry& entry);
  Result<> write(std::string_view bytes);
  /// Error: more or fewer bytes have come than the entry has.
  Result<> end();

  /// A whole file.
  Result<> add(const image::TarEntry& entry, std::string_view content);

  /// The two blocks of zeros at the end.
  Result<> finish();

 private:
  ByteSink& sink_;
  std::int64_t left_ = 0;
  std::int64_t padding_ = 0;
};

}  // namespace caisson::archive
