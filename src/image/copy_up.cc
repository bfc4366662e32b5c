#include "image/copy_up.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel/files.h"

namespace caisson::image {

namespace {
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

Result<std::string> link_target(const LowerTrees::File& file) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(file.directory, file.base.c_str(), target.data(), target.size());
  if (length < 0) return fail(os_error("readlinkat", file.base));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

Result<EntryKind> kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return EntryKind::kFile;
    case S_IFLNK: return EntryKind::kSymbolicLink;
    case S_IFCHR: return EntryKind::kCharacterDevice;
    case S_IFBLK: return EntryKind::kBlockDevice;
    case S_IFIFO: return EntryKind::kFifo;
    case S_IFDIR: return fail(complaint("it is a directory"));
    default: return fail(complaint("it is a socket"));
  }
}
}  // namespace

Result<TarEntry> entry_of(const LowerTrees::File& file, const std::string& name) {
  TarEntry entry;
  entry.kind = TRY(kind_of(file.status.st_mode));
  entry.name = name;
  entry.mode = file.status.st_mode & 07777U;
  entry.mtime = file.status.st_mtim;
  if (entry.kind == EntryKind::kSymbolicLink) entry.link_target = TRY(link_target(file));
  if (entry.kind == EntryKind::kFile) entry.size = file.status.st_size;
  entry.sparse = entry.kind == EntryKind::kFile;
  entry.device_major = major(file.status.st_rdev);
  entry.device_minor = minor(file.status.st_rdev);
  return entry;
}

FileContent::FileContent(Fd fd, std::int64_t size) : fd_(std::move(fd)), size_(size), buffer_(kPieceBytes) {}

Result<FileContent> FileContent::open(const LowerTrees::File& file) {
  if (!S_ISREG(file.status.st_mode)) return FileContent(Fd(), 0);
  return FileContent(TRY(kernel::open_file_at(file.directory, file.base, O_RDONLY | O_NOFOLLOW)), file.status.st_size);
}

Result<Piece> FileContent::data() {
  if (at_ == data_end_ && at_ < size_) {
    const off_t data = ::lseek(fd_.get(), at_, SEEK_DATA);
    if (data < 0 && errno != ENXIO) return fail(os_error("lseek", "SEEK_DATA"));
    at_ = data < 0 ? size_ : data;  // ENXIO: a hole up to the end
    data_end_ = data < 0 ? size_ : ::lseek(fd_.get(), at_, SEEK_HOLE);
    if (data_end_ < 0) return fail(os_error("lseek", "SEEK_HOLE"));
  }
  if (at_ >= size_) return Piece{.offset = at_, .bytes = {}};
  const auto wanted = std::min(static_cast<std::int64_t>(buffer_.size()), data_end_ - at_);
  for (;;) {
    const ssize_t length = ::pread(fd_.get(), buffer_.data(), static_cast<std::size_t>(wanted), at_);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(os_error("pread", "the file below"));
    const Piece piece{.offset = at_, .bytes = {buffer_.data(), static_cast<std::size_t>(length)}};
    at_ += length;
    return piece;
  }
}

}  // namespace caisson::image
