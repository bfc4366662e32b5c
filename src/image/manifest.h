// The manifest of an image (image-spec manifest.md), and Docker's of schema 2, which is read the same. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/descriptor.h"

namespace caisson::image {

struct Manifest {
  std::string media_type;  ///< media_type::kOciManifest or kDockerManifest
  std::string artifact_type = {};
  Descriptor config;
  std::vector<Descriptor> layers;  ///< the lowest first
  std::optional<Descriptor> subject = std::nullopt;
  Annotations annotations = {};

  bool operator==(const Manifest&) const = default;
};

/// Reads a manifest and checks every digest and size. `media_type`: what it was said to be, by the descriptor that
/// points to it or by a Content-Type; empty: nothing was said. An error names the JSON pointer. Refused by name are an
/// index, Docker's schema 1, and what can be read as two things (CVE-2021-41190).
Result<Manifest> read_manifest(std::string_view json, std::string_view media_type = {});

/// A manifest as it is stored; for new ones, since what was read is kept byte by byte.
std::string write_manifest(const Manifest& manifest);

/// That a container can be made of it: its config is an image's, its layers are archives that can be read. Otherwise
/// the error says what it is: an artifact, an encrypted image.
Result<> check_is_image(const Manifest& manifest);

}  // namespace caisson::image
