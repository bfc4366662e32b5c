// Images built by buildah, with caisson-oci as its runtime, into the store of images.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"

namespace caisson::engine {

struct BuildRequest {
  std::vector<std::string> names;      ///< whole references, of which the image gets each; none: it stays unnamed
  std::vector<std::string> arguments;  ///< further ones of `buildah build`, with the context
  std::string containerfile;           ///< its text, as far as it could be found: images of the store that it names are
                                       ///< given to buildah
  bool pulls = false;                  ///< an option of `arguments` says when base images are pulled
  bool quiet = false;
};

/// Has buildah build the image, in a storage of its own below `places.root`, and puts it into the store. What buildah
/// says goes to standard error. Gives the image's id. Errors: buildah is not installed, or fails; those of reading the
/// image.
Result<std::string> build_with_buildah(const Places& places, const BuildRequest& request, const Log& log);

}  // namespace caisson::engine
