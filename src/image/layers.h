// The store of unpacked layers, as the programs that start containers see it: looked up.
//
//   STORE/layers/sha256/HEX/tree      the root filesystem unpacked from the tarball with that digest
//   STORE/layers/chain/HEX/tree       the layer of images with that chain id: its own files, for an overlay
//   …/HEX/bytes                       how many bytes the files in that tree have
//   STORE/layers/owners               who the owners in tarballs become here; not there: themselves (owner_map.h)
//   STORE/layers/images/HEX           the layers of the image with that id: chain ids, a line each, the lowest first
//   STORE/layers/index/DEVICE-INODE   what a tarball on this host was hashed to, with its size and times then
//   STORE/layers/lock/NAME            flock(2) files: NAME is an index key while that is hashed, or what is in tmp
//   STORE/layers/tmp/HEX/tree         a tarball being unpacked, by the holder of lock/HEX; garbage if nobody is
//   STORE/layers/tmp/chain.HEX/tree   the same of a layer
//   STORE/layers/tmp/image.HEX        the same of what will lie in images, while lock/images is held
//
// lock/use is held, shared, from when layers are looked up until the record of a container names them, and while who
// unpacks an image says that it does (lock/image.HEX, shared until that is done); exclusively, while somebody decides
// which layers nobody needs (layer_prune.h).
//
// What is in sha256 and chain is complete. A chain id stands for a layer and all below it (image-spec config.md, "Layer
// ChainID"); what is gone of those is a whiteout, a character device 0/0, and never an attribute: whoever mounts them,
// as root or in a user namespace, sees the same.
//
// STORE/layers is 0700: what is below may hold set-user-ID programs and device nodes from anywhere.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::image {

/// An unpacked layer.
struct Layer {
  std::string digest;  ///< "sha256:HEX": of the tarball as stored (compressed), or the chain id
  std::string tree;    ///< path of the directory with its files
};

/// The layer with this digest in the store at the path `store`, if it has been unpacked. Only looks: one stat(2).
std::optional<Layer> find_layer_by_digest(const std::string& store, std::string_view digest);

/// The layer of images with this chain id, if it has been unpacked. Only looks: one stat(2).
std::optional<Layer> find_layer_by_chain(const std::string& store, std::string_view chain_id);

/// The trees of all layers of the image with this id, the uppermost first, as an overlay wants them; nothing if they
/// are not known or one is not there. One read(2), and one stat(2) for each layer.
std::optional<std::vector<std::string>> find_image_layers(const std::string& store, std::string_view image_id);

/// The chain ids that STORE/layers/images has for the image, the lowest first, whether they are there or not.
std::vector<std::string> chain_ids_of_image(const std::string& store, std::string_view image_id);

/// How many bytes the files of the layer with this chain id have; nothing where that is not known.
std::optional<std::uint64_t> find_layer_size(const std::string& store, std::string_view chain_id);

/// Says of which layers the image consists. lock/image.HEX must be held, and STORE/layers be there.
Result<> remember_image_layers(const std::string& store, std::string_view image_id,
                               const std::vector<std::string>& chain_ids);

/// lock/use, shared: what is found from now on stays for as long as the descriptor is open. One that is not open where
/// there is no store yet.
Result<Fd> hold_layers(const std::string& store);

/// Whether that is a whiteout: the overlay's sign that nothing is here.
bool is_whiteout(const struct stat& status);

/// The chain id that the path of a layer's tree names ("…/layers/chain/HEX/tree"); nothing if it is not one.
std::optional<std::string> chain_id_of_tree(std::string_view tree);

/// That the tarball called `shown` has another digest than the one asked for.
Error wrong_digest(std::string_view shown, std::string_view digest, std::string_view wanted);

/// The layer unpacked from the tarball at `tarball` if that is a regular file that has not changed since. Three system
/// calls and no hashing; nothing means "ask transfer" (unpack_tarball), not "there is none". Fails only if the tarball
/// cannot be examined (stat(2)).
Result<std::optional<Layer>> find_layer(const std::string& store, const std::string& tarball);

}  // namespace caisson::image
