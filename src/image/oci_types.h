// Docker's manifests and indexes in the words of OCI: in a layout, others (skopeo, umoci) look for nothing else. Pure.
#pragma once

#include <map>
#include <string>

#include "image/descriptor.h"
#include "image/index.h"
#include "image/manifest.h"

namespace caisson::image {

/// The media type that OCI has for one of Docker's, which says the same; any other as it is.
std::string oci_media_type(const std::string& media_type);

/// The manifest with OCI's media types, itself and in it. Its blobs are the same.
Manifest in_oci_types(Manifest manifest);

/// The index with OCI's media types; of each manifest in it that is in `converted` (by digest), what became of it.
Index in_oci_types(Index index, const std::map<std::string, Descriptor>& converted);

}  // namespace caisson::image
