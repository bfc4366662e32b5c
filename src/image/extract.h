// Applying the entries of an archive below a directory, as GNU tar does with -x, -p and --xattrs --xattrs-include='*'.
//
// The archive is not trusted; nothing outside the root can be touched:
// - Leading "/" and "./" of names are stripped, as by tar. A ".." component is an error (GNU tar skips the entry).
// - The parent directory of an entry is opened by openat2(2). Symbolic links on the way are followed, because images in
// which
//   /lib is a link to usr/lib have entries below /lib/; but they are followed inside the root (RESOLVE_IN_ROOT), an
//   absolute one from the root on, as in a chroot. Docker and Podman, which unpack in one, do the same; GNU tar follows
//   relative links only. Missing parents are made, but not through a link that dangles.
// - The last component is never followed: it is made anew below the descriptor of its parent, with O_EXCL or by a call
// that
//   does not follow. What is there already goes first; of a directory that holds something, only another directory can
//   take the place, which then keeps the content. A directory takes the place of a symbolic link to a directory (as in
//   GNU tar and docker).
// - A hard link's target is an earlier entry, looked up like a parent and not followed: a hard link to a symbolic link
// links
//   the link.
// - Owners, modes, times and attributes of directories are set at the end, children before parents, so that unpacking
// into
//   them does not change them and a set-group-ID directory does not pass its group on.
// - The attributes trusted.overlay.* and user.overlay.* are left out: they would be orders to the overlay file system
// that
//   the tree becomes a layer of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "image/entry_name.h"
#include "image/owner_map.h"
#include "image/tar_reader.h"

namespace caisson::image {

/// What can be kept: root sets owners and makes devices. For anyone else what is unpacked is their own, as with tar,
/// and device nodes are left out.
enum class Privilege { kRoot, kUser };

class Extractor {
 public:
  /// Unpacks below the directory `root`, which is empty and ours alone. The process's umask has to be 0.
  Extractor(Fd root, Privilege privilege, OwnerMaps owners = {})
      : root_(std::move(root)), privilege_(privilege), owners_(std::move(owners)) {}

  /// Gives the root to whom the owners say. Once, before the first apply().
  Result<> begin();

  /// Makes the entry, with its content from `reader`. Errors name the entry, quoted.
  Result<> apply(const TarEntry& entry, TarReader& reader);

  /// Sets what was put off until all entries are there. Once, after the last apply().
  Result<> finish();

  /// What could not be kept and is no reason to fail, as lines for the user.
  std::vector<std::string> notes() const;

 private:
  struct Metadata {
    std::uint32_t mode;
    std::uint32_t uid;
    std::uint32_t gid;
    struct timespec mtime;
    Attributes attributes;
  };
  // One kind of thing that was not kept: how many, and the first.
  struct Loss {
    std::size_t count = 0;
    std::string first;
  };

  Result<> make(const TarEntry& entry, TarReader& reader);
  Result<> make_directory(const Place& place, const TarEntry& entry);
  Result<> make_file(const Place& place, const TarEntry& entry, TarReader& reader);
  Result<> make_symbolic_link(const Place& place, const TarEntry& entry);
  Result<> make_hard_link(const Place& place, const TarEntry& entry);
  Result<> make_node(const Place& place, const TarEntry& entry);

  Result<int> open_directory(const std::string& path);
  Result<> make_directories(const std::string& path);
  template <class Create>
  Result<> make_in_place(int directory, const std::string& base, const char* call, Create create);
  Result<> remove_existing(int directory, const std::string& base);
  Result<std::string> resolved_path(int directory) const;

  Result<> set_file_metadata(int fd, const TarEntry& entry);
  Result<> set_node_metadata(int directory, const std::string& base, const TarEntry& entry);
  template <class Set>
  Result<> set_attributes(const Attributes& attributes, const std::string& name, Set set);
  Attributes attributes_of(const TarEntry& entry);
  Result<> set_owner(int fd, const char* path, std::uint32_t uid, std::uint32_t gid);
  void lose(const std::string& what, const std::string& name);

  Fd root_;
  Privilege privilege_;
  OwnerMaps owners_;
  // The parent of the last entry: the next one is mostly in the same.
  Fd directory_;
  std::string directory_name_;      // as entries name it
  std::string directory_resolved_;  // without links
  bool directory_known_ = false;

  std::map<std::string, Metadata> directories_;  // by resolved path; to be set by finish()
  std::map<std::string, Loss> losses_;           // by kind
};

}  // namespace caisson::image
