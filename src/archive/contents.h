// What images there are in an archive, a layout or a directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_source.h"
#include "transport/source.h"

namespace caisson::archive {

struct ContainedImage {
  std::vector<std::string> names;  ///< whole references ("docker.io/library/busybox:1"); none: unnamed
  std::shared_ptr<transport::Source> source;
};

/// The images at `source`, which is not a registry, in the order in which they stand there; at least one. With a name
/// in `source`, the one that it means: as it stands there, or as a reference. `spool`: a directory for files that are
/// too large for memory (archive_file.h). Errors, which begin with source.text(): it cannot be read, or is no such
/// archive; there is none of that name, and which there are.
Result<std::vector<ContainedImage>> open_images(const image::ImageSource& source, const std::string& spool);

/// The same where there has to be one. Error: there are several, and what they are called.
Result<ContainedImage> open_image(const image::ImageSource& source, const std::string& spool);

enum class Kind {
  kOciLayout,
  kOciArchive,
  kDockerArchive,
  kDirectory,
  kRootFilesystem,  ///< a tarball that is no archive of images
};

struct Contents {
  Kind kind = Kind::kRootFilesystem;
  std::vector<ContainedImage> images;  ///< none in a root filesystem
};

/// Finds out by looking what is at `path`, a file, "-" for standard input, or a directory, and opens it. An archive
/// with an OCI layout in it is taken for that, whatever else is there. Errors as those of open_images(), and: a
/// directory that is neither.
Result<Contents> open_any(const std::string& path, const std::string& spool);

}  // namespace caisson::archive
