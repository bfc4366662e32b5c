#include "image/gzip_file.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "image/compress.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kPiece = 1U << 20;

Result<std::size_t> read_at(int fd, std::vector<char>& piece, std::int64_t offset) {
  for (;;) {
    const ssize_t length = ::pread(fd, piece.data(), piece.size(), offset);
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno != EINTR) return fail(os_error("pread", "what is to be compressed"));
  }
}

}  // namespace

Result<Gzipped> gzip_file(int in, int out) {
  Sha256 stored = TRY(Sha256::start());
  Sha256 content = TRY(Sha256::start());
  Gzipped made;
  GzipWriter gzip([&](std::string_view bytes) -> Result<> {
    stored.update(bytes);
    made.size += static_cast<std::int64_t>(bytes.size());
    return kernel::write_all(out, bytes, "what was compressed");
  });
  std::vector<char> piece(kPiece);
  std::int64_t offset = 0;
  while (const std::size_t length = TRY(read_at(in, piece, offset))) {
    offset += static_cast<std::int64_t>(length);
    const std::string_view bytes(piece.data(), length);
    content.update(bytes);
    TRY(gzip.write(bytes));
  }
  TRY(gzip.finish());
  made.digests = {.stored = TRY(stored.digest()), .content = TRY(content.digest())};
  return made;
}

}  // namespace caisson::image
