#include "image/apply_layer.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "image/chain_id.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/layer_blob.h"
#include "image/layer_store.h"
#include "image/layers.h"
#include "image/make_layer.h"
#include "image/progress.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

Result<> check_digest(std::string_view what, const std::string& digest) {
  if (is_digest(digest)) return {};
  return fail(in(what, complaint(fmt::format("not 'sha256:' and 64 hexadecimal digits: '{}'", digest))));
}

// That the layers below are there, and that the chain id is what follows from theirs: a layer under a wrong one would
// be given to other images.
Result<> check_chain(const LayerOptions& options) {
  TRY(check_digest("digest", options.digest));
  TRY(check_digest("DiffID", options.diff_id));
  TRY(check_digest("chain id", options.chain_id));
  for (const std::string& tree : options.lower) {
    if (!chain_id_of_tree(tree)) return fail(in(tree, complaint("this is not where a store has the tree of a layer")));
    const auto status = kernel::status_of(tree);
    if (!status || !S_ISDIR(status->st_mode)) return fail(in(tree, complaint("the layer below is not there")));
  }
  const std::string below = options.lower.empty() ? "" : *chain_id_of_tree(options.lower.front());
  const std::string chain = TRY(chain_id(below, options.diff_id, digest_of));
  if (chain == options.chain_id) return {};
  return fail(
      complaint(fmt::format("the chain id of this layer on those below is {}, not {}", chain, options.chain_id)));
}

}  // namespace

Result<Unpacked> apply_layer(const LayerOptions& options) {
  ::umask(0);
  TRY(check_chain(options));
  Unpacked unpacked{.digest = options.chain_id, .notes = {}};
  if (find_layer_by_chain(options.store, options.chain_id)) return unpacked;
  LayerStore store = TRY(LayerStore::open(options.store));
  const OwnerMaps owners = TRY(store.settle_owners(options.owners));
  const LayerKey key = LayerKey::chain(options.chain_id);
  const Fd lock = TRY(store.lock(key.name()));
  if (find_layer_by_chain(options.store, options.chain_id)) return unpacked;  // by whom we waited for

  const LayerBlob blob{
      .path = options.blob, .digest = options.digest, .size = options.size, .diff_id = options.diff_id};
  Progress progress("unpacking " + short_digest(options.digest), options.progress);
  const auto unpack = [&](Fd tree) {
    return unpack_layer_blob(blob, std::move(tree),
                             {.lower = LowerTrees(options.lower),
                              .owners = owners,
                              .tell = [&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); }});
  };
  unpacked.notes = TRY(make_layer(store, key, unpack));
  return unpacked;
}

}  // namespace caisson::image
