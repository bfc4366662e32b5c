// The words of a mount's options (runtime-spec config.md "Linux mount options", mount(8)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace caisson::plan {

/// What the words of one mount say. Attributes are MOUNT_ATTR_… of mount_setattr(2), propagation is MS_… of mount(2).
struct MountOptions {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;  ///< taken off explicitly: "rw" differs from not mentioned
  std::uint64_t recursive_set = 0;
  std::uint64_t recursive_clear = 0;
  std::uint64_t propagation = 0;
  bool bind = false;
  bool recursive_bind = false;
  bool copy_up = false;          ///< begins with what the image has at the target
  bool copy_up_to_bind = false;  ///< into an empty directory of the host's (`copyup`, caisson's own), not a tmpfs
  bool idmap = false;            ///< owners are shown as those of the container's user namespace
  bool recursive_idmap = false;
  std::string id_maps;     ///< "uids=0-1-10;gids=0-1-10": maps of the mount's own (crun.1, "IDMAPPED MOUNTS")
  std::string subpath;     ///< `subpath=PATH` (caisson's own): a part of the source, where others can write
  bool copy_link = false;  ///< a source that is a symbolic link is made again, not mounted (crun.1)
  bool no_follow_source = false;
  bool no_follow_target = false;
  std::vector<std::string> data;  ///< what the file system itself understands: "size=64m", "newinstance"
};

/// Later words win over earlier ones.
MountOptions read_mount_options(const std::vector<std::string>& words);

/// Every word that read_mount_options() understands itself, sorted.
std::vector<std::string> mount_option_words();

/// The words of propagation flags: "rslave"; empty for 0.
std::string propagation_word(std::uint64_t flags);

/// The flags of a propagation word, 0 if it is not one.
std::uint64_t propagation_flags(std::string_view word);

}  // namespace caisson::plan
