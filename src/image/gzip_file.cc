#include "image/gzip_file.h"

#include <unistd.h>

#include <cerrno>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <isa-l/igzip_lib.h>

#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kPiece = 1U << 20;
static_assert(kPiece <= std::numeric_limits<std::uint32_t>::max());  // as ISA-L counts

class Gzip {
 public:
  Gzip() : level_(ISAL_DEF_LVL2_DEFAULT) {
    isal_deflate_init(&stream_);
    stream_.level = 2;
    stream_.level_buf = level_.data();
    stream_.level_buf_size = static_cast<std::uint32_t>(level_.size());
    stream_.gzip_flag = IGZIP_GZIP;
  }

  void input(std::span<char> bytes, bool is_last) {
    stream_.next_in = reinterpret_cast<unsigned char*>(bytes.data());
    stream_.avail_in = static_cast<std::uint32_t>(bytes.size());
    stream_.end_of_stream = is_last ? 1 : 0;
  }

  // Fills `output` as far as what was given does; more comes if it is full.
  Result<std::size_t> fill(std::span<char> output) {
    stream_.next_out = reinterpret_cast<unsigned char*>(output.data());
    stream_.avail_out = static_cast<std::uint32_t>(output.size());
    if (const int status = isal_deflate(&stream_); status != COMP_OK)
      return fail(complaint("ISA-L does not compress it: " + std::to_string(status)));
    return output.size() - stream_.avail_out;
  }

 private:
  isal_zstream stream_{};
  std::vector<unsigned char> level_;
};

Result<std::size_t> read_at(int fd, std::span<char> piece, std::int64_t offset) {
  for (;;) {
    const ssize_t length = ::pread(fd, piece.data(), piece.size(), offset);
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno != EINTR) return fail(os_error("pread", "what is to be compressed"));
  }
}

}  // namespace

Result<Gzipped> gzip_file(int in, int out) {
  Gzip gzip;
  Sha256 stored = TRY(Sha256::start());
  Sha256 content = TRY(Sha256::start());
  std::vector<char> from(kPiece);
  std::vector<char> to(kPiece);
  Gzipped made;
  std::int64_t offset = 0;
  for (bool is_last = false; !is_last;) {
    const std::size_t length = TRY(read_at(in, from, offset));
    offset += static_cast<std::int64_t>(length);
    is_last = length == 0;
    content.update({from.data(), length});
    gzip.input({from.data(), length}, is_last);
    for (std::size_t filled = to.size(); filled == to.size();) {
      filled = TRY(gzip.fill(to));
      stored.update({to.data(), filled});
      made.size += static_cast<std::int64_t>(filled);
      TRY(kernel::write_all(out, {to.data(), filled}, "what was compressed"));
    }
  }
  made.digests = {.stored = TRY(stored.digest()), .content = TRY(content.digest())};
  return made;
}

}  // namespace caisson::image
