// Applying the entries of an archive below a directory: a tarball of a root filesystem, as GNU tar does with -x, -p and
// --xattrs --xattrs-include='*'; or an image's layer (image-spec layer.md), for the overlay.
//
// The archive is not trusted; nothing outside the root can be touched:
// - Leading "/" and "./" of names are stripped, as by tar. A ".." component is an error (GNU tar skips the entry).
// - The directory of an entry is gone to by directories.h. Symbolic links on the way are followed, because images in
//   which /lib is a link to usr/lib have entries below /lib/; but they are followed inside the root, an absolute one
//   from the root on, as in a chroot. Docker and Podman do the same; GNU tar follows relative links only.
// - The last component is never followed: it is made anew below the descriptor of its parent, with O_EXCL or by a call
//   that does not follow. What is there already goes first. A directory takes the place of a symbolic link to a
//   directory (as in GNU tar and docker), and keeps what is in the directory that was there.
// - A hard link's target is an earlier entry, looked up like a parent and not followed: a hard link to a symbolic link
//   links the link.
// - The attributes trusted.overlay.* and user.overlay.* are left out, and character devices 0/0: they would be orders
//   to the overlay file system that the tree becomes a layer of.
//
// Of a tarball, a directory with something in it gives way to a directory alone. In a layer,
// - it gives way to whatever comes later under its name (as in docker and umoci);
// - names that begin with ".wh." say what of the layers below is gone: layer_name.h, whiteouts.h;
// - a hard link's target may be a file of the layers below, which becomes one of this layer's with all that it has;
// - a directory that no entry describes is as the layers below show it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "image/directories.h"
#include "image/entry_name.h"
#include "image/lower_trees.h"
#include "image/metadata.h"
#include "image/owner_map.h"
#include "image/tar_reader.h"
#include "image/whiteouts.h"

namespace caisson::image {

class Extractor {
 public:
  /// Unpacks below the directory `root`, which is empty and ours alone: a tarball, or, if `lower` is given, the layer
  /// that lies on those. The process's umask has to be 0.
  Extractor(Fd root, Privilege privilege, OwnerMaps owners = {}, std::optional<LowerTrees> lower = std::nullopt);
  Extractor(const Extractor&) = delete;
  Extractor& operator=(const Extractor&) = delete;

  /// Gives the root what it has if no entry says otherwise. Once, before the first apply().
  Result<> begin() { return directories_.begin(); }

  /// Makes the entry, with its content from `content`. Errors name the entry, quoted.
  Result<> apply(const TarEntry& entry, ContentReader& content);

  /// Does what was put off until all entries are there. Once, after the last apply().
  Result<> finish();

  /// What could not be kept and is no reason to fail, as lines for the user.
  std::vector<std::string> notes() const { return losses_.notes(); }

  /// What the files that were made have in them. Where an entry takes the place of another, both are counted.
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<> make(const TarEntry& entry, ContentReader& content);
  Result<> make_at(const Place& place, const TarEntry& entry, const Metadata& metadata, ContentReader& content);
  Result<> make_file(const std::string& base, const TarEntry& entry, const Metadata& metadata, ContentReader& content);
  Result<> make_symbolic_link(const std::string& base, const TarEntry& entry, const Metadata& metadata);
  Result<> make_node(const std::string& base, const TarEntry& entry, const Metadata& metadata);
  Result<> make_hard_link(const Place& place, const TarEntry& entry);
  Result<Fd> find_link_target(const std::string& name);
  Result<std::optional<std::string>> copy_of(const std::string& name);
  Result<> place_copies();
  bool link(const Fd& target, const std::string& base);

  template <class Create>
  Result<> make_in_place(const std::string& base, const char* call, Create create);
  Result<> remove_existing(const std::string& base);
  void lose_device(const TarEntry& entry);

  bool is_layer_;
  Privilege privilege_;
  Losses losses_;
  MetadataWriter writer_;
  LowerTrees lower_;
  Directories directories_;
  Whiteouts whiteouts_;
  std::map<std::string, std::string> copies_;  // of files below that hard links name: path → name of the copy
  std::size_t copies_bytes_ = 0;
  std::uint64_t bytes_ = 0;
  bool has_aufs_links_ = false;
  bool devices_lost_ = false;
};

}  // namespace caisson::image
