// What layers mean, said in the simplest way there is: applied one after the other to a map from paths to files. And
// what an overlay of trees shows, without one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace caisson::image {

/// What is at a path: 'd' a directory, 'l' a link, 'f' a file. Names of one file have one `file`.
struct ModelNode {
  char kind = 'f';
  int file = 0;
  std::string content;  ///< or target
};

/// A root filesystem as the layers that were applied say (image-spec layer.md).
class LayerModel {
 public:
  void begin_layer() {
    own_.clear();
    linked_.clear();
  }

  /// Whether the layer could have an entry at this path: nothing of its own but directories on the way.
  bool takes(const std::string& path) const;

  void directory(const std::string& path);
  void file(const std::string& path, const std::string& content);
  void symbolic_link(const std::string& path, const std::string& target);
  void hard_link(const std::string& path, const std::string& target);
  void whiteout(const std::string& path);
  void opaque(const std::string& path);

  const std::map<std::string, ModelNode>& nodes() const { return nodes_; }

  /// A line for each path, as shown_by() has them.
  std::vector<std::string> lines() const;

 private:
  void put(const std::string& path, ModelNode node);
  void remove_below(const std::string& path, const std::set<std::string>& kept);

  std::map<std::string, ModelNode> nodes_;
  std::set<std::string> own_;     // paths that the layer has, with the directories that they lie in
  std::set<std::string> linked_;  // paths of files below that hard links of the layer name
  int files_ = 0;
};

/// A line for each path that an overlay of these trees would show, the uppermost first: "PATH KIND CONTENT", and the
/// first name of the same file.
std::vector<std::string> shown_by(const std::vector<std::string>& trees);

}  // namespace caisson::image
