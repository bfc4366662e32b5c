// What a layer says is gone of the layers below it.
//
// A whiteout hides what lies below, whatever its place among the entries: what the layer itself has of that name stays.
// It makes nothing that was not there: where nothing is shown below there is nothing to do, and a directory that the
// layer has no entry for appears with it only if it is shown below. (A whiteout device in a directory that is this
// layer's alone would be listed by readdir(3) in the container, and not be there.)
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/directories.h"
#include "image/layer_name.h"
#include "image/lower_trees.h"

namespace caisson::image {

class Whiteouts {
 public:
  /// References are kept.
  Whiteouts(Directories& directories, LowerTrees& lower) : directories_(directories), lower_(lower) {}

  /// Takes note of a kWhiteout or kOpaque, and acts on it if its directory is there.
  Result<> add(const LayerName& name);

  /// Acts on the others, now that all entries are there. Once, before the directories are left.
  Result<> finish();

 private:
  Result<Directories::Visit> try_now(const LayerName& name);
  Result<> hide(const std::string& base);
  Result<> hide_content(const std::string& path);

  Directories& directories_;
  LowerTrees& lower_;
  std::vector<LayerName> later_;  // in directories that no entry has made yet
  std::size_t later_bytes_ = 0;
};

}  // namespace caisson::image
