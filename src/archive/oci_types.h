// Docker's manifests and indexes in the words of OCI: in a layout, others (skopeo, umoci) look for nothing else.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "image/descriptor.h"
#include "image/index.h"
#include "image/manifest.h"

namespace caisson::archive {

/// The media type that OCI has for one of Docker's, which says the same; any other as it is.
std::string oci_media_type(const std::string& media_type);

/// The manifest with OCI's media types, itself and in it. Its blobs are the same.
image::Manifest in_oci_types(image::Manifest manifest);

/// The index with OCI's media types; of each manifest in it that is in `converted` (by digest), what became of it.
image::Index in_oci_types(image::Index index, const std::map<std::string, image::Descriptor>& converted);

}  // namespace caisson::archive
