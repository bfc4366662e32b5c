// A file, compressed.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "image/pipeline.h"

namespace caisson::image {

struct Gzipped {
  Digests digests;        ///< of what was written, and of what is in it
  std::int64_t size = 0;  ///< of what was written, in bytes
};

/// Writes the regular file `in`, all of it, to `out` as gzip (RFC 1952), without a name and a time: the same content
/// becomes the same bytes. Others may read `in` at the same time. Errors: those of pread(2) and write(2).
Result<Gzipped> gzip_file(int in, int out);

}  // namespace caisson::image
