// The layers that lie below another, unpacked: what an overlay of them shows.
//
// They are trees of this store (layers.h), whose only means of hiding something is the whiteout: see whiteouts.h. A
// file or a whiteout hides what has its name in the trees below; directories of one name are one. Symbolic links are
// not followed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::image {

class LowerTrees {
 public:
  LowerTrees() = default;  ///< nothing lies below

  /// Paths of directories, the uppermost first, as overlay's lowerdir has them.
  explicit LowerTrees(std::vector<std::string> trees) : trees_(std::move(trees)) {}

  /// The same, of layers that are being unpacked at this moment: `complete` waits until they are there. Called once,
  /// when something is asked about them. Error: they will not be.
  using Complete = std::function<Result<std::vector<std::string>>()>;
  explicit LowerTrees(Complete complete) : complete_(std::move(complete)) {}

  bool empty() const { return trees_.empty() && !complete_; }

  /// What the directory `path` ("" is the root) is made of, the uppermost first; nothing where none is shown. Good
  /// until the next call.
  Result<const std::vector<Fd>*> directory(const std::string& path);

  /// What is shown at a path: its status, and the descriptor of the directory it lies in, good until the next call.
  struct File {
    int directory = -1;
    std::string base;
    struct stat status{};
  };
  Result<std::optional<File>> find(const std::string& path);

 private:
  std::vector<std::string> trees_;
  Complete complete_;
  // What was asked last: the next question is mostly about the same directory.
  std::optional<std::string> asked_;
  std::vector<Fd> answer_;
};

}  // namespace caisson::image
