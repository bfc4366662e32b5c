// Where an image is written to: a registry, a layout, an archive, a directory. Each kind is one implementation; what is
// common to all of them (which blobs, in which order) is deliver.h's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/descriptor.h"

namespace caisson::transport {

/// Blobs come before the documents that need them, documents of an index before that; finish() is last. Dropped without
/// finish(), an archive or a directory that it has made is gone; a registry keeps blobs that nothing leads to.
class Destination {
 public:
  virtual ~Destination() = default;

  /// As errors and progress name it: "docker.io/library/busybox:1.36", "oci:DIR:NAME".
  virtual std::string text() const = 0;

  /// Whether layers should be compressed before they get there.
  virtual bool wants_compressed_layers() const { return false; }

  /// Whether it has this blob, so that it need not come. Several threads may ask at once, as they may put.
  virtual Result<bool> has(const image::Descriptor& blob) = 0;

  /// Takes a blob: `file` is a regular file that holds it whole, and that others may read at the same time (pread(2)).
  virtual Result<> put_blob(const image::Descriptor& blob, int file) = 0;

  /// Takes a manifest or an index, byte by byte. `names`: what it is to be called there, "docker.io/library/busybox:1";
  /// empty for a manifest of an index. A destination whose own name says what it is called (a registry's reference, a
  /// layout's name) goes by that.
  virtual Result<> put_document(const image::Descriptor& document, std::string_view bytes,
                                const std::vector<std::string>& names) = 0;

  /// All is there: makes it visible, on the disk.
  virtual Result<> finish() = 0;
};

}  // namespace caisson::transport
