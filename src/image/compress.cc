#include "image/compress.h"

#include <algorithm>
#include <cstdint>

#include <isa-l/igzip_lib.h>

namespace caisson::image {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // ISA-L counts in 32 bits
constexpr int kLevel = 2;                                 // of 0 … 3

}  // namespace

GzipWriter::GzipWriter(Out out)
    : out_(std::move(out)),
      tables_(ISAL_DEF_LVL2_DEFAULT),
      piece_(kPieceBytes),
      stream_(std::make_unique<isal_zstream>()) {
  isal_deflate_init(stream_.get());
  stream_->level = kLevel;
  stream_->level_buf = tables_.data();
  stream_->level_buf_size = static_cast<std::uint32_t>(tables_.size());
  stream_->gzip_flag = IGZIP_GZIP;
  stream_->flush = NO_FLUSH;
}

GzipWriter::~GzipWriter() = default;

Result<> GzipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), kMostBytes);
    TRY(deflate(bytes.substr(0, part), false));
    bytes.remove_prefix(part);
  }
  return {};
}

Result<> GzipWriter::finish() { return deflate({}, true); }

Result<> GzipWriter::deflate(std::string_view bytes, bool is_last) {
  stream_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));  // which is only read
  stream_->avail_in = static_cast<std::uint32_t>(bytes.size());
  stream_->end_of_stream = is_last ? 1 : 0;
  do {
    stream_->next_out = piece_.data();
    stream_->avail_out = static_cast<std::uint32_t>(piece_.size());
    if (isal_deflate(stream_.get()) != COMP_OK) return fail(complaint("what was read could not be compressed"));
    const std::size_t length = piece_.size() - stream_->avail_out;
    if (length != 0) TRY(out_({reinterpret_cast<const char*>(piece_.data()), length}));
  } while (stream_->avail_out == 0);
  return {};
}

}  // namespace caisson::image
