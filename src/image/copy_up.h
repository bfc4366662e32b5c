// A file of a layer below, as an archive would have it: what a hard link of this layer names may lie there alone.
#pragma once

#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "image/content.h"
#include "image/lower_trees.h"
#include "image/tar_reader.h"

namespace caisson::image {

/// What `file` is, under the name `name`: its kind, the target of a link, the number of a device, its size; its
/// metadata are read_metadata()'s. Errors: a directory, or a socket.
Result<TarEntry> entry_of(const LowerTrees::File& file, const std::string& name);

/// A file's content, with its holes.
class FileContent : public ContentReader {
 public:
  static Result<FileContent> open(const LowerTrees::File& file);
  Result<Piece> data() override;

 private:
  FileContent(Fd fd, std::int64_t size);

  Fd fd_;
  std::int64_t size_;
  std::int64_t at_ = 0;
  std::int64_t data_end_ = 0;  // of the part between two holes that we are in
  std::vector<char> buffer_;
};

}  // namespace caisson::image
