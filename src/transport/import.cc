#include "transport/import.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "image/blob_writer.h"
#include "image/decompress.h"
#include "image/digest.h"
#include "image/media_type.h"
#include "image/pipeline.h"
#include "image/tar_reader.h"
#include "transport/put_image.h"

namespace caisson::transport {

namespace {

constexpr std::size_t kPiece = 1U << 20;

Result<std::size_t> read_some(int fd, std::vector<char>& piece) {
  for (;;) {
    const ssize_t length = ::read(fd, piece.data(), piece.size());
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno != EINTR) return fail(os_error("read", "the tarball"));
  }
}

// How much there is of the tarball, or nothing where only its end will tell.
std::uint64_t size_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
}

Result<> copy(int tarball, image::PartialBlob& blob, Board& board, std::size_t line) {
  std::vector<char> piece(kPiece);
  while (const std::size_t length = TRY(read_some(tarball, piece))) {
    TRY(blob.append({piece.data(), length}));
    board.at(line, static_cast<std::uint64_t>(blob.length()));
  }
  return {};
}

// Reads the archive to its end: that it is one, and the digests of the file and of the archive in it.
Result<image::Digests> read_archive(const image::PartialBlob& blob) {
  image::Pipeline pipeline(blob.file(), static_cast<std::uint64_t>(blob.length()),
                           {.stored = TRY(image::Sha256::start()), .content = TRY(image::Sha256::start())},
                           [](std::uint64_t, std::uint64_t) {});
  image::TarReader reader(pipeline);
  bool any = false;
  while (TRY(reader.next())) any = true;
  if (!any && blob.length() == 0) return fail(complaint("it is empty, and no tar archive"));
  return pipeline.drain();
}

// What the media type of a layer with this content is; nothing where there is none.
Result<std::string_view> media_type_of(const image::PartialBlob& blob) {
  std::array<char, image::kCompressionMagicBytes> first{};
  const ssize_t length = ::pread(blob.file(), first.data(), first.size(), 0);
  if (length < 0) return fail(os_error("pread", "the tarball"));
  switch (image::compression_of({first.data(), static_cast<std::size_t>(length)})) {
    case image::Compression::kNone: return image::media_type::kOciLayer;
    case image::Compression::kGzip: return image::media_type::kOciLayerGzip;
    case image::Compression::kZstd: return image::media_type::kOciLayerZstd;
    case image::Compression::kXz:
    case image::Compression::kBzip2: break;
  }
  return "";
}

class BlobInput : public image::Input {
 public:
  explicit BlobInput(const image::PartialBlob& blob) : blob_(blob), piece_(kPiece) {}
  Result<std::string_view> more() override {
    const ssize_t length = ::pread(blob_.file(), piece_.data(), piece_.size(), at_);
    if (length < 0) return fail(os_error("pread", "the tarball"));
    at_ += length;
    return std::string_view(piece_.data(), static_cast<std::size_t>(length));
  }

 private:
  const image::PartialBlob& blob_;
  std::vector<char> piece_;
  std::int64_t at_ = 0;
};

Result<image::PartialBlob> decompressed(const image::ImageStore& store, const image::PartialBlob& blob) {
  image::PartialBlob plain = TRY(image::begin_blob(store));
  BlobInput input(blob);
  const auto decompressor = TRY(image::open_decompressor(input));
  std::vector<char> piece(kPiece);
  while (const std::size_t length = TRY(decompressor->fill(piece))) TRY(plain.append({piece.data(), length}));
  return plain;
}

Result<Fetched> put(const image::ImageStore& store, const ImportOptions& options, image::PartialBlob blob,
                    std::string_view media_type) {
  const image::Digests digests = TRY(read_archive(blob));
  const std::int64_t size = blob.length();
  const image::BlobHold layer = TRY(std::move(blob).commit(digests.stored));
  image::ImageConfig config = options.config;
  config.diff_ids = {digests.content};
  config.history = {{.created = config.created, .author = config.author, .comment = options.comment}};
  return put_image(store, config, {{.media_type = std::string(media_type), .digest = digests.stored, .size = size}},
                   options.names);
}

Result<Fetched> import(const image::ImageStore& store, const ImportOptions& options, Board& board) {
  image::PartialBlob blob = TRY(image::begin_blob(store));
  const std::size_t line = board.begin(options.label, size_of(options.tarball), 0);
  const Result<> copied = copy(options.tarball, blob, board, line);
  if (!copied) {
    board.drop(line);
    return fail(copied.error());
  }
  board.end(line);
  const std::string_view media_type = TRY(media_type_of(blob));
  if (!media_type.empty()) return put(store, options, std::move(blob), media_type);
  image::PartialBlob plain = TRY(decompressed(store, blob));
  return put(store, options, std::move(plain), image::media_type::kOciLayer);
}

}  // namespace

Result<Fetched> import_tarball(const image::ImageStore& store, const ImportOptions& options, Board& board) {
  return TRY_IN(options.label, import(store, options, board));
}

}  // namespace caisson::transport
