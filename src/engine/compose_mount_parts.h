// What the mounts of compose_mounts.cc and compose_volumes.cc are made of. Inside the room only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/compose_topics.h"
#include "spec/config.h"

namespace caisson::engine {

/// A mount, and what the user typed for it (empty: nothing).
struct Entry {
  spec::Mount mount;
  std::string typed;
};
using Entries = std::vector<Entry>;

spec::Mount mount_of(std::string destination, std::string type, std::string source, std::vector<std::string> options);

bool has(const std::vector<std::string>& words, std::string_view word);

/// Adds "rprivate", unless the options have a propagation.
void make_private_by_default(std::vector<std::string>& options);

/// The engine's own files, and the root filesystem, belong to the host's ids: the container is to see its own. `word`
/// is "idmap" or "ridmap".
std::vector<std::string> with_owners(const Composing& c, std::vector<std::string> options, std::string_view word);

/// An overlay's options. Thrown away: `volatile` (Linux 5.10), the end of the mount does not wait until the whole file
/// system of `upper` is on the disk. An empty `upper`: it cannot be written to.
std::vector<std::string> overlay_options(const std::vector<std::string>& lower, const std::string& upper,
                                         const std::string& work, bool thrown_away);

/// `lower`, the topmost first, below an overlay whose changes are kept in the container's own directory, as its
/// `number`-th.
spec::Mount overlay_mount(const Composing& c, const MountChoice& choice, const std::vector<std::string>& lower,
                          std::size_t number);

/// What the container's record keeps of a mount that was chosen.
MountRecord recorded(const MountChoice& choice, const spec::Mount& mount, std::string type);

/// A directory or file of the host.
Result<spec::Mount> host_mount(const Composing& c, const MountChoice& choice, std::size_t number);

// compose_systemd.cc
/// What an init system expects in memory, unless it is there already.
void add_system_mounts(const Composing& c, Entries& entries);

// compose_volumes.cc
/// A volume, or what its options say is to be mounted in its place; it is in c.out.volumes then.
Result<spec::Mount> volume_mount(const Composing& c, const MountChoice& choice, std::size_t number);
/// The files of an image.
Result<spec::Mount> image_mount(const Composing& c, const MountChoice& choice, std::size_t number);
/// What --volumes-from brings, but for what `chosen` has at the same places.
Result<Entries> inherited_mounts(const Composing& c, const Entries& chosen);
/// The volumes that the image's config asks for, but for those places where something else is.
Result<Entries> image_volume_mounts(const Composing& c, const Entries& chosen);

}  // namespace caisson::engine
