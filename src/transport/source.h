// Where an image is read from: a registry, a layout, an archive, a directory. Each kind is one implementation; what is
// common to all of them (which blobs, in which order, what is checked, where it is kept) is fetch.h's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/descriptor.h"

namespace caisson::transport {

/// A manifest or an index, byte by byte.
struct Document {
  std::string bytes;
  std::string media_type = {};  ///< what it was said to be: by a Content-Type, by a descriptor; empty: nothing was said
};

/// What a blob's bytes go into.
class Sink {
 public:
  virtual ~Sink() = default;

  /// The next bytes. An error ends the transfer, and comes back from it.
  virtual Result<> write(std::string_view bytes) = 0;

  /// What came so far does not count: the bytes that follow are the blob's from its first.
  virtual Result<> restart() = 0;
};

class Source {
 public:
  virtual ~Source() = default;

  /// As errors and progress name it: "docker.io/library/busybox:1.36", "oci:DIR:NAME".
  virtual std::string text() const = 0;

  /// What it leads to: a manifest, or an index. At most image::kManifestBytes; a digest that the source's own name asks
  /// for has been checked.
  virtual Result<Document> top() = 0;

  /// A manifest of the index that top() gave, or of one in that. Size and digest are the caller's to check.
  virtual Result<Document> document(const image::Descriptor& descriptor) = 0;

  /// Feeds `sink` with a blob from the byte `offset` on, to its end. A source that cannot begin in the middle calls
  /// restart() and gives all of it. Size and digest are the caller's to check; a source gives up once more than the
  /// descriptor's size has come. Several threads may call it at once.
  virtual Result<> blob(const image::Descriptor& descriptor, std::int64_t offset, Sink& sink) = 0;
};

}  // namespace caisson::transport
