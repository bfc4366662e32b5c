// An image, from a source into the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_config.h"
#include "image/image_store.h"
#include "image/manifest.h"
#include "image/platform.h"
#include "transport/board.h"
#include "transport/source.h"

namespace caisson::transport {

/// A manifest or an index, by what leads to it, and byte by byte.
struct FoundDocument {
  image::Descriptor descriptor;
  std::string bytes;
};

struct FetchOptions {
  std::vector<image::Platform> fitting;  ///< best first (fitting(), fitting_host())
  bool other_platforms = false;          ///< an image for none of them is a warning, unless there was a choice
  /// What it is to be called in the store; none: it stays unnamed. Asked for once top() has found it.
  std::function<std::vector<std::string>()> names = [] { return std::vector<std::string>(); };
  std::size_t threads = 3;   ///< blobs that come at the same time
  bool is_artifact = false;  ///< anything with a manifest will do: its config and layers are blobs, and nothing more

  /// Has the last word before anything but documents is fetched: the indexes that lead to the manifest, the outermost
  /// first, and the manifest. An error is that of the whole.
  std::function<Result<>(const std::vector<FoundDocument>& way)> accept = nullptr;
};

struct Fetched {
  image::Descriptor manifest;  ///< of the image itself
  std::string image_id;        ///< "sha256:HEX" of its config
  std::vector<std::string> warnings;
};

/// Brings the image that fits into the store, whole, and gives it its names. Each document and blob is checked against
/// the digest and size that lead to it before it is seen there; what was fetched already, by whomever, is not fetched
/// again. Of an index, what is kept is the manifest that fits; the index too where a name is by its digest, and gets
/// that. Errors name the source, and the blob: those of the source; what is no image, or for no fitting platform;
/// another size or digest. After an error, and after the death of the process, blobs that are whole stay until they are
/// pruned, and parts of others are gone on with by the next call.
Result<Fetched> fetch_image(const image::ImageStore& store, Source& source, const FetchOptions& options, Board& board);

/// The manifest that fetch_image() would take, without fetching anything but documents.
Result<image::Descriptor> look_up_manifest(Source& source, const std::vector<image::Platform>& fitting);

}  // namespace caisson::transport
