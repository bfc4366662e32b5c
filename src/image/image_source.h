// Where an image comes from or goes to, and what SOURCE of `caisson run` is. Pure.
//
//   docker://REFERENCE         a registry
//   oci:DIR[:NAME]             an OCI image layout
//   oci-archive:FILE[:NAME]    the same in a tarball
//   docker-archive:FILE[:NAME] what `docker save` writes
//   dir:DIR                    a manifest with its blobs beside it, as skopeo's dir:
//   REFERENCE                  a name, which the store knows or a registry
//
// A path ends at the first ':' behind it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/reference.h"

namespace caisson::image {

enum class Transport { kRegistry, kOciLayout, kOciArchive, kDockerArchive, kDirectory };

struct ImageSource {
  Transport transport = Transport::kRegistry;
  std::string path = {};     ///< of the layout, archive or directory
  std::string name = {};     ///< which one of those in it, as it is written; empty: the only one, or all
  Reference reference = {};  ///< of kRegistry, and of kDockerArchive if it has a name; with a tag or digest
  bool is_short = false;     ///< no registry is written: is_short_name(). Never behind docker://

  std::string text() const;  ///< "oci:DIR:NAME", "docker://docker.io/library/busybox:latest"
};

/// Reads a source or destination. Errors: a path or name that is empty or malformed, or a transport that others have
/// and caisson has not (docker-daemon:, containers-storage:).
Result<ImageSource> parse_image_source(std::string_view text);

enum class RunSourceKind {
  kStandardInput,  ///< "-": a tarball of a root filesystem
  kBuiltin,        ///< builtin:NAME
  kPath,           ///< a directory, DIR:O, or a tarball
  kImage,
};

struct RunSource {
  RunSourceKind kind = RunSourceKind::kImage;
  std::string word = {};   ///< kBuiltin: NAME; kPath: as it is written
  ImageSource image = {};  ///< kImage
};

/// Reads SOURCE of `caisson run`. A path begins with '/' or '.', or is there: a bare word is one if `exists` says so.
Result<RunSource> parse_run_source(std::string_view text, const std::function<bool(const std::string&)>& exists);

}  // namespace caisson::image
