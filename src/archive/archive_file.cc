#include "archive/archive_file.h"

#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/decompress.h"
#include "image/spool_file.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::archive {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

// A pipe, read as far as it goes.
class PipeInput : public image::Input {
 public:
  explicit PipeInput(int file) : file_(file), buffer_(kReadBytes) {}

  // The first piece holds what tells the compression, however small the pieces are that come.
  Result<std::string_view> more() override {
    std::size_t filled = 0;
    do {
      const ssize_t length =
          kernel::retry([&] { return ::read(file_, buffer_.data() + filled, buffer_.size() - filled); });
      if (length < 0) return fail(os_error("read", "the archive"));
      if (length == 0) break;
      filled += static_cast<std::size_t>(length);
    } while (filled < std::min(buffer_.size(), image::kFirstBytes));
    return std::string_view(buffer_.data(), filled);
  }

 private:
  int file_;
  std::vector<char> buffer_;
};

Result<Fd> new_file(const std::string& spool) {
  const Fd where = TRY(kernel::open_file(spool, O_RDONLY | O_DIRECTORY));
  return TRY_IN(spool, image::spool_file(where.get()));
}

Result<Extent> spooled(image::Input& input, const std::string& spool) {
  Fd file = TRY(new_file(spool));
  const auto decompressor = TRY(image::open_decompressor(input));
  std::vector<char> buffer(kReadBytes);
  std::int64_t size = 0;
  for (;;) {
    const std::size_t length = TRY(decompressor->fill(buffer));
    TRY(kernel::write_all(file.get(), {buffer.data(), length}, spool));
    size += static_cast<std::int64_t>(length);
    if (length < buffer.size()) break;
  }
  return Extent{.file = std::make_shared<const Fd>(std::move(file)), .offset = 0, .size = size};
}

}  // namespace

Result<ArchiveFile> open_archive_file(const std::string& path, const std::string& spool) {
  auto file = std::make_shared<const Fd>(path == "-" ? TRY(kernel::duplicate(STDIN_FILENO))
                                                     : TRY(kernel::open_file(path, O_RDONLY | O_NOCTTY)));
  struct stat status{};
  if (::fstat(file->get(), &status) != 0) return fail(os_error("fstat", path));
  if (S_ISDIR(status.st_mode)) return fail(complaint("it is a directory, not an archive"));
  // Standard input that is a file, but not at its start, is a stream like any other.
  if (S_ISREG(status.st_mode) && ::lseek(file->get(), 0, SEEK_CUR) == 0) {
    const Extent whole{.file = file, .offset = 0, .size = status.st_size};
    if (TRY(compression_of(whole)) == image::Compression::kNone) return ArchiveFile{std::move(file), status.st_size};
    Extent content = TRY(decompressed(whole, spool));
    return ArchiveFile{std::move(content.file), content.size};
  }
  PipeInput input(file->get());
  Extent content = TRY(spooled(input, spool));
  return ArchiveFile{std::move(content.file), content.size};
}

Result<Extent> decompressed(const Extent& extent, const std::string& spool) {
  ExtentInput input(extent);
  return spooled(input, spool);
}

Result<Extent> spooled_text(std::string_view text, const std::string& spool) {
  Fd file = TRY(new_file(spool));
  TRY(kernel::write_all(file.get(), text, spool));
  return Extent{
      .file = std::make_shared<const Fd>(std::move(file)), .offset = 0, .size = static_cast<std::int64_t>(text.size())};
}

}  // namespace caisson::archive
