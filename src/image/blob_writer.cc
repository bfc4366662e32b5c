#include "image/blob_writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "image/digest_name.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

Result<BlobHold> hold(const ImageStore& store, std::string_view digest) {
  return BlobHold(TRY(StoreLock::wait(store.lock_path(hex_of(digest)), StoreLock::Kind::kShared)));
}

}  // namespace

PartialBlob::~PartialBlob() {
  if (file_ && (!wanted_ || length_ == 0)) abandon();
}

void PartialBlob::abandon() {
  ::unlink(path_.c_str());
  file_ = Fd();
}

Result<> PartialBlob::append(std::string_view bytes) {
  if (wanted_ && bytes.size() > static_cast<std::uint64_t>(wanted_->size - length_)) {
    abandon();
    return fail(in(wanted_->digest, complaint(fmt::format("there is more of it than {} bytes", wanted_->size))));
  }
  // Counted piece by piece: what stands there after an error is gone on with.
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file_.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail(os_error("write", path_));
    length_ += wrote;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<> PartialBlob::restart() {
  if (::ftruncate(file_.get(), 0) != 0) return fail(os_error("ftruncate", path_));
  if (::lseek(file_.get(), 0, SEEK_SET) != 0) return fail(os_error("lseek", path_));
  length_ = 0;
  return {};
}

Result<BlobHold> PartialBlob::commit(const std::string& digest) && {
  if (wanted_ && length_ != wanted_->size) {
    return fail(in(wanted_->digest, complaint(fmt::format("it ended after {} of {} bytes", length_, wanted_->size))));
  }
  if (wanted_ && digest != wanted_->digest) {
    abandon();
    return fail(in(wanted_->digest, complaint(fmt::format("the content has another digest, {}", digest))));
  }
  TRY(check_digest(digest));
  if (!hold_) hold_.emplace(TRY(hold(store_, digest)));
  if (store_.has({.media_type = {}, .digest = digest, .size = length_})) {
    abandon();
  } else {
    TRY(rename_synced(file_.get(), path_, store_.blob_path(digest)));
    file_ = Fd();
  }
  return *std::move(hold_);
}

Result<std::optional<BlobHold>> hold_blob(const ImageStore& store, const Descriptor& blob) {
  BlobHold held = TRY(hold(store, blob.digest));
  if (!store.has(blob)) return std::nullopt;
  return std::optional(std::move(held));
}

Result<std::optional<Obtained>> obtain_blob(const ImageStore& store, const Descriptor& blob, kernel::Lock how) {
  BlobHold held = TRY(hold(store, blob.digest));
  if (store.has(blob)) return Obtained(std::move(held));
  const std::string path = store.partial_path(hex_of(blob.digest));
  std::optional<Fd> file = TRY(open_locked(path, StoreLock::Kind::kExclusive, how));
  if (!file) return std::nullopt;
  PartialBlob partial(store, path, *std::move(file));
  if (store.has(blob)) {  // it came while this process waited
    partial.abandon();
    return Obtained(std::move(held));
  }
  struct stat status{};
  if (::fstat(partial.file_.get(), &status) != 0) return fail(os_error("fstat", path));
  partial.wanted_ = blob;
  partial.hold_.emplace(std::move(held));
  partial.length_ = status.st_size;
  if (status.st_size > blob.size) TRY(partial.restart());
  if (::lseek(partial.file_.get(), partial.length_, SEEK_SET) < 0) return fail(os_error("lseek", path));
  return Obtained(std::move(partial));
}

Result<PartialBlob> begin_blob(const ImageStore& store) {
  for (;;) {
    std::string path = store.partial_path("new.XXXXXX");
    Fd file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) return fail(os_error("mkostemp", path));
    // Who prunes may have been here before the lock.
    struct stat status{};
    const bool locked = ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file.get(), &status) == 0;
    if (locked && status.st_nlink != 0) return PartialBlob(store, std::move(path), std::move(file));
  }
}

Result<BlobHold> add_blob(const ImageStore& store, std::string_view content, const std::string& digest) {
  PartialBlob blob = TRY(begin_blob(store));
  TRY(blob.append(content));
  return std::move(blob).commit(digest);
}

}  // namespace caisson::image
