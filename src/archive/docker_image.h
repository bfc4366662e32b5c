// An image of one of Docker's archives: there is no manifest, but a config and the files of the layers, which need not
// be compressed. From these a manifest is made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/files.h"
#include "archive/files_source.h"
#include "base/result.h"
#include "image/descriptor.h"

namespace caisson::archive {

/// The layers of an archive as blobs. What is stored is hashed, and what no registry takes (xz, bzip2) is decompressed,
/// once, however many images have it.
class LayerBlobs {
 public:
  /// `files` has to live as long.
  LayerBlobs(const Files& files, std::string spool) : files_(files), spool_(std::move(spool)) {}

  struct Blob {
    image::Descriptor descriptor;
    Extent extent;
  };

  /// The layer in the file `name`, whose archive is said to have the digest `diff_id`: of a file that is not
  /// compressed, that is the blob's.
  Result<Blob> get(const std::string& name, const std::string& diff_id);

 private:
  Result<std::string> digest_of_stored(const Extent& extent);

  const Files& files_;
  std::string spool_;
  std::map<std::int64_t, std::string> stored_;  // by offset in the archive
  std::map<std::int64_t, Extent> content_;
};

struct DockerConfig {
  std::string shown;  ///< what an error calls it
  std::string_view bytes;
  Extent extent;
};

/// The image of this config and of the layers in these files, the lowest first; its text is still to be set. Errors:
/// the config is none, or has another number of layers.
Result<FilesSource::Parts> docker_image(const std::shared_ptr<const Files>& files, const DockerConfig& config,
                                        const std::vector<std::string>& layers, LayerBlobs& blobs);

}  // namespace caisson::archive
