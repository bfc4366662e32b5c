// The images of one form each, for contents.cc: who opened the files knows which form they have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "archive/contents.h"
#include "archive/files.h"
#include "base/result.h"
#include "image/image_source.h"

namespace caisson::archive {

/// An OCI image layout (image-spec image-layout.md), below a directory or in an archive.
Result<std::vector<ContainedImage>> images_of_layout(const std::shared_ptr<const Files>& files,
                                                     const image::ImageSource& source);

/// What `docker save` has written since Docker 1.10: manifest.json, configs and layers (docker_archive.cc).
Result<std::vector<ContainedImage>> images_of_docker_archive(const std::shared_ptr<const Files>& files,
                                                             const image::ImageSource& source,
                                                             const std::string& spool);

/// What it wrote before that: repositories, and a directory for each layer (old_docker_archive.cc).
Result<std::vector<ContainedImage>> images_of_old_docker_archive(const std::shared_ptr<const Files>& files,
                                                                 const image::ImageSource& source,
                                                                 const std::string& spool);

/// What skopeo's dir: is: one image, whose manifest is manifest.json, with its blobs beside it by their digests.
Result<std::vector<ContainedImage>> images_of_directory(const std::shared_ptr<const Files>& files,
                                                        const image::ImageSource& source);

/// What errors and progress call the image of `names` among several at `source`.
std::string text_of(const image::ImageSource& source, const std::vector<std::string>& names);

/// That none of the images has the name that was asked for, and which names there are.
Error no_such_name(const std::string& name, const std::vector<std::string>& there);

}  // namespace caisson::archive
