// Blobs on their way into the store: each fetched once however many want it, gone on with after its end came early,
// and never seen there before it is whole. The order of locks is at the head of image_store.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/fd.h"
#include "base/result.h"
#include "image/image_store.h"
#include "image/store_lock.h"

namespace caisson::image {

/// Keeps a blob that is in the store from being pruned, for as long as it lives.
class BlobHold {
 public:
  explicit BlobHold(StoreLock lock) : lock_(std::move(lock)) {}

 private:
  StoreLock lock_;
};

class PartialBlob;
using Obtained = std::variant<BlobHold, PartialBlob>;

/// A blob that is not in the store yet, and that nobody else writes meanwhile. Dropped without commit(), what came of a
/// blob with a known digest stays, for obtain_blob() to go on with.
class PartialBlob {
 public:
  PartialBlob(PartialBlob&&) noexcept = default;
  PartialBlob& operator=(PartialBlob&&) = delete;
  ~PartialBlob();

  /// How much of it is there, perhaps of an earlier process: to be read from file() and hashed before the rest.
  std::int64_t length() const { return length_; }
  int file() const { return file_.get(); }  ///< open for reading too (pread(2)); where it stands is append()'s affair

  /// Writes behind what is there. Error: those of write(2), or it is more than the size that was asked for, of which
  /// nothing is kept then.
  Result<> append(std::string_view bytes);

  /// Throws away what is there, to begin anew.
  Result<> restart();

  /// Throws away what is there, and is of no use afterwards: the content has turned out to be wrong.
  void abandon();

  /// Makes it a blob of the store: `digest` is that of the whole content. Error: it is shorter than it has to be, and
  /// is kept; or it has another digest than was asked for, of which nothing is kept.
  Result<BlobHold> commit(const std::string& digest) &&;

 private:
  friend Result<std::optional<Obtained>> obtain_blob(const ImageStore&, const Descriptor&, kernel::Lock);
  friend Result<PartialBlob> begin_blob(const ImageStore&);
  PartialBlob(ImageStore store, std::string path, Fd file)
      : store_(std::move(store)), path_(std::move(path)), file_(std::move(file)) {}

  ImageStore store_;
  std::string path_;
  std::optional<Descriptor> wanted_;
  std::optional<BlobHold> hold_;  // goes after the file, whose lock is taken after it
  Fd file_;
  std::int64_t length_ = 0;
};

/// The blob, held, if it is in the store; otherwise what there is of it, to be completed. While another process fetches
/// it, kWait waits and kTry gives nothing. The store has to be one of ImageStore::create().
Result<std::optional<Obtained>> obtain_blob(const ImageStore& store, const Descriptor& blob, kernel::Lock how);

/// A new blob whose digest and size its end will tell. Dropped without commit(), it is gone.
Result<PartialBlob> begin_blob(const ImageStore& store);

/// The blob, held, if it is in the store.
Result<std::optional<BlobHold>> hold_blob(const ImageStore& store, const Descriptor& blob);

/// Puts a whole blob into the store: a manifest, a config. `digest` is that of `content`.
Result<BlobHold> add_blob(const ImageStore& store, std::string_view content, const std::string& digest);

}  // namespace caisson::image
