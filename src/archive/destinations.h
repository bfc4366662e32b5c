// Archives, layouts and directories as places where images go.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "image/image_source.h"
#include "transport/destination.h"

namespace caisson::archive {

/// A place for one image or several, which is not a registry:
///
///   oci:DIR              next to the images that are there: of two with one name the later one stays in the index.
///                        Docker's manifests become OCI's, with other digests, since nobody looks for theirs there.
///                        Who else writes to the same layout in this way waits
///   oci-archive:FILE     the same, instead of what is there
///   docker-archive:FILE  instead of what is there: layers are not compressed, and each is there once
///   dir:DIR              one image, instead of one that is there
///
/// FILE may be "-", standard output. `spool`: a directory for what is too large for memory. With a name behind it,
/// there is one image, of that name; of an image with several names there is a line for each. An archive has its files
/// in the order in which they come; the same images in the same order make the same archive. Errors: it cannot be made;
/// there is something else.
Result<std::unique_ptr<transport::Destination>> open_destination(const image::ImageSource& place,
                                                                 const std::string& spool);

}  // namespace caisson::archive
