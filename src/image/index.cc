#include "image/index.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "image/media_type.h"

namespace caisson::image {

namespace {

// What is not an image but is about one: buildkit's attestations.
bool is_unknown(const Platform& platform) { return platform.os == "unknown" || platform.architecture == "unknown"; }

// After everything that fits by its platform comes what does not tell.
std::optional<std::size_t> place_of(const Descriptor& manifest, const std::vector<Platform>& fitting) {
  const Content content = content_of(manifest.media_type);
  if (content != Content::kManifest && content != Content::kIndex) return std::nullopt;
  if (manifest.platform) return rank(fitting, *manifest.platform);
  return manifest.artifact_type.empty() ? std::optional(fitting.size()) : std::nullopt;
}

Error none_fits(const Index& index, const Platform& wanted) {
  std::vector<std::string> there;
  for (const Descriptor& manifest : index.manifests) {
    if (!manifest.platform || is_unknown(*manifest.platform)) continue;
    std::string text = normal_platform(*manifest.platform).text();
    if (std::ranges::find(there, text) == there.end()) there.push_back(std::move(text));
  }
  if (there.empty()) return complaint(fmt::format("there is no image for {}, nor for another platform", wanted.text()));
  return complaint(fmt::format("there is no image for {}, but for {}", wanted.text(), join(there, ", ")));
}

}  // namespace

Result<Descriptor> choose(const Index& index, const std::vector<Platform>& fitting) {
  const Descriptor* best = nullptr;
  std::size_t best_rank = 0;
  for (const Descriptor& manifest : index.manifests) {
    const std::optional<std::size_t> place = place_of(manifest, fitting);
    if (!place || (best != nullptr && *place >= best_rank)) continue;
    best = &manifest;
    best_rank = *place;
  }
  if (best == nullptr) return fail(none_fits(index, fitting.front()));
  return *best;
}

}  // namespace caisson::image
