// A directory tree as a tar archive: a container's root filesystem, or what a container has changed as a layer of
// images.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "archive/tar_writer.h"
#include "archive/tree_access.h"
#include "base/result.h"
#include "image/owner_map.h"

namespace caisson::archive {

enum class TreeForm {
  kFilesystem,  ///< what is there is written
  kLayer,       ///< the upper directory of an overlay: what says there that something is gone becomes a whiteout
                ///< (image-spec layer.md)
};

/// What is mounted in a tree.
enum class Mounts {
  kLeftOut,
  kEntered,  ///< but for the kernel's own file systems (procfs, sysfs, cgroups, devpts, mqueue)
};

struct TreeOptions {
  TreeForm form = TreeForm::kFilesystem;
  OverlayNotes notes = OverlayNotes::kTrusted;  ///< of kLayer
  image::OwnerMaps owners = {};          ///< who the owners become; those that are not in the maps, nobody (65534)
  std::set<std::string> leave_out = {};  ///< paths, without a slash at their ends
  Mounts mounts = Mounts::kLeftOut;
  std::string name = {};  ///< of the top; what is below it is "NAME/…". Empty: "./", and no name before the others
};

/// Writes what is below the directory `root`, and its own mode, owner and time as "./", to `out`, but not the end of
/// the archive. Entries are sorted: by name in each directory, what is in a directory right behind it. Files of several
/// names are hard links from the second on; extended attributes of users, file capabilities and access control lists
/// are kept, others are the host's; times are whole seconds, as in the layers of other tools. The tree may be hostile
/// and may change meanwhile: no link in it is followed, no device opened, nothing entered that is mounted in it.
///
/// Gives what was left out, a line for each kind: sockets, what is mounted there, what went away meanwhile; of a layer,
/// files whose names begin with ".wh.". Errors: a name longer than PATH_MAX; of a layer, a directory or file that
/// overlay has only redirected (redirect_dir, metacopy), whose content is elsewhere; those of reading and of `out`.
Result<std::vector<std::string>> write_tree(int root, const TreeOptions& options, TarWriter& out);

}  // namespace caisson::archive
