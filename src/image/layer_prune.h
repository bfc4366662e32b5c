// Taking out of the store of layers what no image and no container needs any more.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

/// Who needs what.
struct LayersNeeded {
  /// Whether the image with this id is in the store of images.
  std::function<bool(const std::string& image_id)> image;
  /// The trees that the records of containers name. Asked while lock/use is held exclusively (layers.h).
  std::function<Result<std::set<std::string>>()> trees;
  bool tarballs = true;  ///< those that were unpacked from tarballs are needed, whether a container has them or not
};

struct PrunedLayers {
  std::vector<std::string> digests;  ///< chain ids, and digests of tarballs
  std::int64_t bytes = 0;            ///< that their files took, as far as they could be counted
};

/// Removes a tree, which an ordinary user may have to do as root of a user namespace.
using RemoveTree = std::function<Result<>(const std::string& path)>;

/// Removes the layers that nobody needs and nobody unpacks at this moment. Who starts containers waits only for as long
/// as it takes to decide: what goes is out of the way by a rename(2), and removed after that. Who is killed leaves it
/// to the next one (unfinished.h).
Result<PrunedLayers> prune_layers(const std::string& store, const LayersNeeded& needed, const RemoveTree& remove);

/// Removes the layers with these chain ids, but for those whose trees `trees` names and those that somebody works on.
/// Gives which went.
Result<PrunedLayers> remove_layers(const std::string& store, const std::set<std::string>& chain_ids,
                                   const std::function<Result<std::set<std::string>>()>& trees,
                                   const RemoveTree& remove);

}  // namespace caisson::image
