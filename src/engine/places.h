// Where caisson keeps what, and where its own parts are.
#pragma once

#include <string>

#include "base/result.h"

namespace caisson::engine {

/// ROOT survives a reboot, RUNROOT need not.
///
///   ROOT/containers/ID/      container.json config.json start.json exit.json log hosts resolv.conf hostname upper/
///   work/
///                            overlays/
///   ROOT/names/NAME          a symbolic link to the ID: making it is what reserves the name
///   ROOT/secrets/NAME        (engine/secrets.h)
///   ROOT/volumes/NAME/       volume.json, _data/ (engine/volumes.h)
///   ROOT/pods/NAME/          pod.json, cgroup.json, rootfs/ (engine/pods.h)
///   ROOT/events/             what has happened (engine/events.h)
///   ROOT/images/             the images (image/image_store.h)
///   ROOT/layers/             unpacked tarballs, and layers of images (image/layers.h)
///   RUNROOT/containers/ID/   lock state.json attach: there as long as the container has a keeper, who holds the lock
///   ROOT/mapped/HASH/layers/ the same of an ordinary user, with owners of its own ids: one store for each mapping of
///   them
struct Places {
  std::string root;     ///< root's: /var/lib/caisson
  std::string runroot;  ///< root's: /run/caisson
  std::string program;  ///< this executable
  std::string libexec;  ///< the directory of monitor, init, transfer
  std::string share;    ///< the directory of the built-in root filesystems

  std::string container(const std::string& id) const { return root + "/containers/" + id; }
  std::string live(const std::string& id) const { return runroot + "/containers/" + id; }
  std::string name(const std::string& name) const { return root + "/names/" + name; }
  std::string volumes() const { return root + "/volumes"; }
  std::string volume(const std::string& name) const { return volumes() + "/" + name; }
  std::string pods() const { return root + "/pods"; }
  std::string pod(const std::string& name) const { return pods() + "/" + name; }
};

/// Finds the program's own parts beside it: PREFIX/bin/caisson, PREFIX/libexec/caisson, PREFIX/share/caisson.
/// `called_as`: argv[0], which is the program's path where it runs from a view of itself, whose name the kernel does
/// not know.
Result<void> find_parts(Places& places, const std::string& called_as);

/// Where things are kept if the command line does not say: /var/lib and /run for root; $XDG_DATA_HOME or
/// ~/.local/share, and $XDG_RUNTIME_DIR for an ordinary user. Without the latter, a directory below /tmp that is nobody
/// else's. Errors: HOME is not set; something else is at that place.
Result<void> find_defaults(Places& places);

/// Makes `places` absolute: the keeper of a container works from another directory.
Result<void> make_absolute(Places& places);

}  // namespace caisson::engine
