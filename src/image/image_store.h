// The store of images, which is an OCI image layout (image-spec image-layout.md) that other tools read as it stands.
//
//   STORE/images/oci-layout            the version of the layout
//   STORE/images/index.json            the images, by name: the annotation org.opencontainers.image.ref.name holds the
//                                      whole reference (docker.io/library/busybox:1.36). One without is unnamed.
//                                      Of an image with Docker's media types, what others can read (stand_in.h)
//   STORE/images/blobs/sha256/HEX      manifests, configs, layers as they were fetched
//   STORE/images/partial/HEX           a blob being fetched; kept when that ends early, and gone on with later
//   STORE/images/partial/new.XXXXXX    a blob being made, whose digest is not known before its end
//   STORE/images/partial/index.json    the next index, about to be renamed
//   STORE/images/lock/index, lock/HEX  locks, there while they are held (store_lock.h)
//
// Readers take no lock. index.json and blobs appear by rename(2), whole and after fsync(2); a blob that an image needs
// is there before its name is.
//
// Who writes:
//  - lock/index, exclusively, has who changes index.json, and who prunes for as long as that takes.
//  - lock/HEX, shared, has who needs that blob to stay although no name leads to it yet: from before looking for it
//    until the image is named. Who prunes takes it exclusively, without waiting, and passes over a blob where it
//    cannot.
//  - partial/HEX is locked itself, exclusively, by who fetches it, who has lock/HEX as well.
// They are taken in the order lock/HEX, partial/HEX, lock/index; who waits for partial/HEX goes on with what it fetches
// itself meanwhile. Nobody waits for lock/HEX for longer than prune looks at one blob.
//
// Programs that know nothing of this (skopeo, umoci) read at any time; they write only while caisson does not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/descriptor.h"
#include "image/index_lines.h"

namespace caisson::image {

/// A line of index.json.
struct StoreEntry {
  std::string name;  ///< empty: unnamed
  Descriptor descriptor;
  std::optional<Descriptor> stand_in = std::nullopt;  ///< what others find there instead (stand_in.h)
};

struct StoreIndex {
  std::vector<StoreEntry> entries;
  std::vector<std::string>
      unreadable;  ///< what is wrong with each of the lines that others have written, and that stay
};

class ImageStore {
 public:
  /// The store at STORE/images, to look into. One that does not exist is empty. Error: it is a layout of a version that
  /// is not known.
  static Result<ImageStore> open(std::string path);

  /// The same to write into: makes what is missing, for nobody else to look into.
  static Result<ImageStore> create(std::string path);

  const std::string& path() const { return path_; }
  std::string blob_path(std::string_view digest) const;
  std::string lock_path(std::string_view name) const { return path_ + "/lock/" + std::string(name); }
  std::string partial_path(std::string_view name) const { return path_ + "/partial/" + std::string(name); }

  /// True if the blob is there with the size that its descriptor says.
  bool has(const Descriptor& blob) const;

  /// The content of a blob. It is not hashed: that was done before it got here, and is done again by `system check`.
  /// Errors: it is not there (ENOENT), has another size, or more than `limit_bytes`.
  Result<std::string> read_blob(const Descriptor& blob, std::size_t limit_bytes) const;

  Result<StoreIndex> index() const;

  /// The lines in which `word` stands as a string: a name, a digest. With thousands of names this takes a small part of
  /// the time that index() does. Others may be among them.
  Result<StoreIndex> index_about(std::string_view word) const;

  /// The same for those in which a string ends with `word`.
  Result<StoreIndex> index_ending(std::string_view word) const;

 private:
  explicit ImageStore(std::string path) : path_(std::move(path)) {}

  Result<StoreIndex> some_of_index(std::string_view word, Stands stands) const;

  std::string path_;
};

}  // namespace caisson::image
