#include "image/layer_prune.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "image/digest_name.h"
#include "image/layers.h"
#include "image/store_lock.h"
#include "kernel/bytes_on_disk.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

// A layer that is out of the way: locked, so that it is taken for one that somebody is at work on.
struct Doomed {
  std::string path;
  std::string digest;
  Fd lock;
};

class Pruning {
 public:
  explicit Pruning(const std::string& store) : layers_(store + "/layers/") {}

  /// The layers of images that are there or that somebody unpacks; the records of others go.
  Result<std::set<std::string>> needed_chains(const std::string& store, const LayersNeeded& needed);

  /// Puts those in `directory` ("chain", "sha256") out of the way that are not needed.
  template <class IsNeeded>
  Result<> doom(const std::string& directory, const std::string& prefix, IsNeeded is_needed);

  /// Removes what is out of the way.
  Result<PrunedLayers> remove(const RemoveTree& remove) &&;

 private:
  std::string layers_;
  std::vector<Doomed> doomed_;
};

Result<std::set<std::string>> Pruning::needed_chains(const std::string& store, const LayersNeeded& needed) {
  std::set<std::string> chains;
  for (const std::string& hex : TRY(kernel::list_directory(layers_ + "images"))) {
    if (!is_whole_id(hex)) continue;
    const std::string id = "sha256:" + hex;
    std::optional<Fd> lock;
    if (!needed.image(id))
      lock = TRY(open_locked(layers_ + "lock/image." + hex, StoreLock::Kind::kExclusive, kernel::Lock::kTry));
    if (lock) {
      if (::unlink((layers_ + "images/" + hex).c_str()) != 0)
        return fail(os_error("unlink", layers_ + "images/" + hex));
      continue;
    }
    for (std::string& chain_id : chain_ids_of_image(store, id)) chains.insert(std::move(chain_id));
  }
  return chains;
}

template <class IsNeeded>
Result<> Pruning::doom(const std::string& directory, const std::string& prefix, IsNeeded is_needed) {
  for (const std::string& hex : TRY(kernel::list_directory(layers_ + directory))) {
    const std::string layer = layers_ + directory + "/" + hex;
    if (!is_whole_id(hex) || is_needed("sha256:" + hex, layer + "/tree")) continue;
    std::optional<Fd> lock =
        TRY(open_locked(layers_ + "lock/" + prefix + hex, StoreLock::Kind::kExclusive, kernel::Lock::kTry));
    if (!lock) continue;
    const std::string away = layers_ + "tmp/" + prefix + hex;
    if (::rename(layer.c_str(), away.c_str()) != 0) return fail(os_error("rename", layer));
    doomed_.push_back({.path = away, .digest = "sha256:" + hex, .lock = *std::move(lock)});
  }
  return {};
}

Result<PrunedLayers> Pruning::remove(const RemoveTree& remove) && {
  PrunedLayers pruned;
  for (Doomed& layer : doomed_) {
    pruned.bytes += kernel::bytes_on_disk(layer.path);
    TRY(remove(layer.path));
    pruned.digests.push_back(std::move(layer.digest));
  }
  return pruned;
}

}  // namespace

Result<PrunedLayers> prune_layers(const std::string& store, const LayersNeeded& needed, const RemoveTree& remove) {
  if (!kernel::exists(store + "/layers/lock")) return PrunedLayers{};
  Pruning pruning(store);
  {
    const auto use = TRY(open_locked(store + "/layers/lock/use", StoreLock::Kind::kExclusive, kernel::Lock::kWait));
    const std::set<std::string> trees = TRY(needed.trees());
    const std::set<std::string> chains = TRY(pruning.needed_chains(store, needed));
    TRY(pruning.doom("chain", "chain.", [&](const std::string& chain_id, const std::string& tree) {
      return chains.contains(chain_id) || trees.contains(tree);
    }));
    if (!needed.tarballs)
      TRY(pruning.doom("sha256", "",
                       [&](const std::string&, const std::string& tree) { return trees.contains(tree); }));
  }
  return std::move(pruning).remove(remove);
}

Result<PrunedLayers> remove_layers(const std::string& store, const std::set<std::string>& chain_ids,
                                   const std::function<Result<std::set<std::string>>()>& trees,
                                   const RemoveTree& remove) {
  Pruning pruning(store);
  {
    const auto use = TRY(open_locked(store + "/layers/lock/use", StoreLock::Kind::kExclusive, kernel::Lock::kWait));
    const std::set<std::string> used = TRY(trees());
    TRY(pruning.doom("chain", "chain.", [&](const std::string& chain_id, const std::string& tree) {
      return !chain_ids.contains(chain_id) || used.contains(tree);
    }));
  }
  return std::move(pruning).remove(remove);
}

}  // namespace caisson::image
