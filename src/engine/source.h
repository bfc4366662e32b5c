// SOURCE of `caisson run`: what a container's root filesystem is made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/own_ids.h"
#include "engine/places.h"
#include "engine/run_options.h"
#include "engine/surroundings.h"

namespace caisson::engine {

/// A source, looked up.
struct Source {
  std::string directory;            ///< absolute: used in place; empty: there are layers
  std::vector<std::string> layers;  ///< absolute: below an overlay, the uppermost first
  std::string digest;               ///< "sha256:HEX" of the tarball it was unpacked from, or the id of the image
  std::optional<ImageFacts> image;
  bool is_unpacked = true;  ///< kNever: where the layers are said to be they are not yet
  Fd hold;                  ///< the store's layers stay for as long as this is open (image/layers.h, lock/use)
};

enum class Unpack {
  kIfMissing,
  kNever,  ///< a tarball or image that is not unpacked yet is said to be where it would be
};

/// Who the files of an unpacked layer belong to. Root's layers have the owners that stand in the tarball. An ordinary
/// user's belong to its own ids, as a container's mapping has them: a store for each mapping.
struct LayerOwners {
  std::string store;                   ///< the directory of the store
  std::optional<kernel::IdMaps> maps;  ///< the user namespace in which it is written; nothing: the caller's
  std::string uids;  ///< owner in the tarball → in that namespace: "0:1:1000,1000:0:1"; empty: the same
  std::string gids;
};
LayerOwners layer_owners(const Places& places, const UserNamespace& user_namespace, const OwnIds* own);

/// SOURCE is a directory (used in place), DIR:O (below an overlay), a tarball, "-" (a tarball on standard input),
/// builtin:NAME, or an image (image/image_source.h). A tarball, or a layer, is unpacked once into the store; an image
/// is brought there first, as --pull says. --sha256 is the only content accepted. Errors: there is no such thing, it is
/// neither, or its content is another.
Result<Source> find_source(const RunOptions& options, const Places& places, const LayerOwners& owners, Unpack unpack,
                           const Log& log);

/// The content of the regular file `path` inside the root filesystem; empty if there is none. What stands in it is the
/// image's: nothing outside the root is read, no device or fifo is opened, and 4 MiB is the most.
std::string read_inside(const std::string& root, const std::string& path);
std::string read_inside(const Source& source, const std::string& path);

}  // namespace caisson::engine
