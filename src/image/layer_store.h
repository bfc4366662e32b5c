// The store of unpacked layers as transfer sees it: made, locked, written, cleared. Its layout is drawn in layers.h.
//
// Whoever is killed, at any point, leaves nothing that lasts: a layer appears by one rename, whole; an index entry does
// so too; what is in tmp belongs to nobody once the lock of the same name is free, and goes at the next open().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "image/identity.h"
#include "image/owner_map.h"

namespace caisson::image {

/// Which layer is worked on.
struct LayerKey {
  enum class Kind { kTarball, kChain };
  Kind kind;
  std::string hex;  ///< of the tarball's digest, or of the chain id

  static LayerKey tarball(std::string_view digest);
  static LayerKey chain(std::string_view chain_id);

  std::string name() const;  ///< of its lock, and in tmp
};

class LayerStore {
 public:
  /// Opens the store at `path`, makes what is missing, and clears away what killed processes have left.
  static Result<LayerStore> open(const std::string& path);

  const std::string& path() const { return path_; }

  /// Waits for the lock of this name and takes it; it is held as long as the descriptor is open.
  Result<Fd> lock(const std::string& name);

  /// What the file with this identity was hashed to.
  std::optional<std::string> recall(const FileIdentity& identity) const;
  /// Remembers it. The lock of the identity's key must be held.
  Result<> remember(const FileIdentity& identity, const std::string& digest);

  /// An empty directory to unpack into. The layer's lock must be held until after commit() or abandon().
  Result<Fd> begin(const LayerKey& key);
  /// Says how many bytes the files of what was unpacked have: find_layer_size() in layers.h. Before commit() or sync().
  Result<> remember_size(const LayerKey& key, std::uint64_t bytes);
  /// Makes what was unpacked that layer, once it is on the disk (syncfs(2)).
  Result<> commit(const LayerKey& key);
  /// The two halves of commit(), for several layers: all that was written is on the disk; it becomes that layer.
  Result<> sync();
  Result<> place(const LayerKey& key);
  Result<> abandon(const LayerKey& key);

  /// Where what is unpacked into begin()'s directory lies until it is placed.
  std::string unfinished_tree(const LayerKey& key) const { return path_ + "/layers/tmp/" + key.name() + "/tree"; }

  /// Who the owners in this store become: always the same, which are recorded by the first who unpacks for others than
  /// those that stand in tarballs. Empty maps are taken for the recorded ones. Error: the record says others.
  Result<OwnerMaps> settle_owners(const OwnerMaps& owners);

  /// A file without a name in the store's file system, open for reading and writing.
  Result<Fd> spool_file();

 private:
  LayerStore() = default;

  std::string path_;
  Fd index_;
  Fd tarballs_;
  Fd chains_;
  Fd tmp_;
};

}  // namespace caisson::image
