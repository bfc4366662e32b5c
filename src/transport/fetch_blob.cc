#include "transport/fetch_blob.h"

#include <cerrno>
#include <variant>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include "image/digest.h"

namespace caisson::transport {

namespace {

constexpr std::size_t kPiece = 1U << 20;

class BlobSink : public Sink {
 public:
  BlobSink(image::PartialBlob& blob, Board& board, std::size_t line, const std::atomic<bool>& stop, image::Sha256 hash)
      : blob_(blob), board_(board), line_(line), stop_(stop), hash_(std::move(hash)) {}

  Result<> write(std::string_view bytes) override {
    if (stop_) return fail(complaint("given up, since another part of the image could not be had"));
    TRY(blob_.append(bytes));
    hash_.update(bytes);
    board_.at(line_, static_cast<std::uint64_t>(blob_.length()));
    return {};
  }

  Result<> restart() override {
    hash_ = TRY(image::Sha256::start());
    TRY(blob_.restart());
    board_.at(line_, 0);
    return {};
  }

  // Hashes what there is of the blob.
  Result<> read_back() {
    std::vector<char> piece(kPiece);
    for (std::int64_t at = 0; at < blob_.length();) {
      const ssize_t length = ::pread(blob_.file(), piece.data(), piece.size(), at);
      if (length < 0 && errno == EINTR) continue;
      if (length < 0) return fail(os_error("pread", "what was there of the blob"));
      if (length == 0) return fail(complaint("what was there of the blob has been cut off"));
      hash_.update({piece.data(), static_cast<std::size_t>(length)});
      at += length;
    }
    return {};
  }

  Result<std::string> digest() { return hash_.digest(); }

 private:
  image::PartialBlob& blob_;
  Board& board_;
  std::size_t line_;
  const std::atomic<bool>& stop_;
  image::Sha256 hash_;
};

// The digest of the whole blob, once it is in the file. One that is whole before it is as long as its descriptor says
// would never be longer: nothing is kept of it.
Result<std::string> complete(Source& source, const image::Descriptor& blob, image::PartialBlob& partial, Board& board,
                             std::size_t line, const std::atomic<bool>& stop) {
  BlobSink sink(partial, board, line, stop, TRY(image::Sha256::start()));
  TRY(sink.read_back());
  const Result<> came = partial.length() < blob.size ? source.blob(blob, partial.length(), sink) : Result<>();
  std::string digest = TRY(sink.digest());
  if (partial.length() < blob.size && digest == blob.digest) {
    const std::int64_t length = partial.length();
    partial.abandon();
    return fail(complaint(fmt::format("it has {} bytes, not {} as the manifest says", length, blob.size)));
  }
  TRY(came);
  return digest;
}

}  // namespace

Result<std::optional<image::BlobHold>> fetch_blob(const image::ImageStore& store, Source& source,
                                                  const image::Descriptor& blob, std::string label, Board& board,
                                                  const std::atomic<bool>& stop, kernel::Lock how) {
  for (;;) {
    std::optional<image::Obtained> obtained = TRY(image::obtain_blob(store, blob, how));
    if (!obtained) return std::nullopt;
    if (image::BlobHold* hold = std::get_if<image::BlobHold>(&*obtained)) {
      board.say(label, "already there");
      return std::move(*hold);
    }
    image::PartialBlob& partial = std::get<image::PartialBlob>(*obtained);
    const std::int64_t already = partial.length();
    const std::size_t line =
        board.begin(label, static_cast<std::uint64_t>(blob.size), static_cast<std::uint64_t>(already));
    const Result<std::string> digest = complete(source, blob, partial, board, line, stop);
    if (!digest) {
      board.drop(line);
      return fail(in(blob.digest, digest.error()));
    }
    const bool whole = partial.length() == blob.size;
    Result<image::BlobHold> hold = std::move(partial).commit(*digest);
    if (hold) {
      board.end(line);
      return *std::move(hold);
    }
    board.drop(line);
    // What an earlier process left may be what is wrong; it is gone now.
    if (already == 0 || !whole || *digest == blob.digest) return fail(hold.error());
  }
}

}  // namespace caisson::transport
