// The directories of a tree that is being unpacked: the one that is worked in, and those that it lies in.
//
// What is made in a directory changes its times, and a mode that shuts it or a default access control list would be in
// the way meanwhile. So a directory gets its owner, mode, lists and times when it is left; one
// that is entered again gets back then what it had. Nothing is kept of those that were left: the memory that this takes
// grows with the depth of the tree, not with its size.
//
// Paths are not trusted. Each component is opened below the one before and never followed by the kernel; symbolic links
// are followed here, as if the root of the tree were that of the file system, so that neither "/x" nor ".." leads out
// of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "image/lower_trees.h"
#include "image/metadata.h"

namespace caisson::image {

class Directories {
 public:
  /// Below `root`, which is empty and ours alone. References are kept.
  Directories(Fd root, MetadataWriter& writer, LowerTrees& lower);

  /// Gives the root what a directory gets that no entry describes: where layers lie below, finish() does that. Once,
  /// before anything else.
  Result<> begin();

  /// Goes to the directory `path`, following links inside the tree, and makes it and what it lies in where they are
  /// missing, but not where a link leads nowhere. What is made is as the layers below show it; where they do not,
  /// root's, 0755 and as old as `mtime`. In the place of a whiteout it is empty: what the layers below have there stays
  /// hidden.
  Result<> enter(const std::string& path, const struct timespec& mtime);

  /// Goes to the directory if it is there, and makes nothing.
  enum class Visit {
    kThere,
    kAbsent,   ///< it, or one that it would lie in, is not there; no link lies on the way
    kBlocked,  ///< something else is in its place, or a link leads nowhere
  };
  Result<Visit> visit(const std::string& path);

  /// Makes the directory `base` in the one we are in, or takes the one that is there, and goes to it. What is there
  /// that is no directory has to go; if that hid something of the layers below, it stays hidden. An empty `base` is the
  /// root.
  Result<> make(const std::string& base, const Metadata& metadata);

  /// The directory we are in; changing() where something is made in it or removed.
  int fd() const { return levels_.back().fd.get(); }
  int changing();
  std::string path() const;  ///< below the root, without links

  /// Says that something was removed: a name that led through it leads elsewhere.
  void forget_name() { entered_as_.reset(); }

  /// Leaves all, the root included. Once, after everything else.
  Result<> finish();

 private:
  struct Level {
    std::string name;
    Fd fd;                 // closed where many levels are open below it
    bool changed = false;  // its times are not its own any more
    // What it gets when it is left.
    struct timespec mtime{};
    std::optional<std::uint32_t> mode;
    std::optional<Owner> owner;
    Attributes acls;
  };
  enum class Step { kInto, kAbsent, kLink, kWhiteout, kOther };
  struct Walk;

  Result<std::string> leave_until_on_the_way(const std::string& path);
  Result<Visit> walk(Walk& walk, const std::string& path);
  Result<Step> step_into(const std::string& name);
  Result<bool> follow(Walk& walk, const std::string& name);
  Result<Fd> open_child(const std::string& name, std::optional<std::uint32_t>& mode_before);

  Result<> make_implied(const std::string& name, bool over_whiteout, const struct timespec& mtime);
  Result<> make_new(const std::string& name, const Metadata& metadata);
  Result<> push(const std::string& name, Fd fd, const Metadata& metadata);
  Result<> push_again(const std::string& name, Fd fd, std::optional<std::uint32_t> mode_before);
  Result<> push_level(Level level);
  Result<> dress(Level& level, const Metadata& metadata);
  Result<> leave();
  Result<> finish_level(const Level& level);

  MetadataWriter& writer_;
  LowerTrees& lower_;
  std::vector<Level> levels_;  // the root first, never empty
  std::size_t path_bytes_ = 0;
  bool root_is_described_ = false;         // by an entry
  bool default_acls_ = false;              // some directory has one
  std::optional<std::string> entered_as_;  // what the directory we are in was called last
};

}  // namespace caisson::image
