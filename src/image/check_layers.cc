#include "image/check_layers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "image/compare_trees.h"
#include "image/digest_name.h"
#include "image/layer_blob.h"
#include "image/layer_store.h"
#include "image/layers.h"
#include "image/store_lock.h"
#include "image/unfinished.h"
#include "image/whole_image.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

class Check {
 public:
  Check(const ImageStore& images, LayerStore store, OwnerMaps owners, Mend mend)
      : images_(images), store_(std::move(store)), owners_(std::move(owners)), mend_(mend == Mend::kYes) {}

  Result<LayersCheck> all() {
    const std::map<std::string, WholeImage> images = TRY(read_whole_images(images_));
    for (const auto& [id, image] : images) TRY(check_layers_of(image));
    TRY(check_records(images));
    return std::move(found_);
  }

 private:
  const std::string& path() const { return store_.path(); }

  Result<> check_layers_of(const WholeImage& image) {
    for (std::size_t number = 0; number < image.chain_ids.size(); ++number) {
      const std::string& chain_id = image.chain_ids[number];
      if (damaged_.contains(chain_id)) return {};
      if (!looked_at_.insert(chain_id).second) continue;
      // Who prunes waits: neither this layer nor those below go meanwhile.
      const Fd use = TRY(hold_layers(path()));
      if (!kernel::exists(path() + "/layers/chain/" + std::string(hex_of(chain_id)))) continue;
      const Result<std::optional<std::string>> fault = fault_of(image, number);
      if (fault && !*fault) continue;
      damaged_.insert(chain_id);
      if (fault) {
        found_.damaged.push_back({.chain_id = chain_id, .manifest = image.digest, .words = **fault});
      } else {
        found_.lines.push_back(
            fmt::format("layer {}: it cannot be compared: {}", short_digest(chain_id), fault.error().text()));
        ++found_.unmended;
      }
      return {};
    }
    return {};
  }

  // What is wrong with a layer that is there, or nothing.
  Result<std::optional<std::string>> fault_of(const WholeImage& image, std::size_t number) {
    const LayerKey key = LayerKey::chain(image.chain_ids[number]);
    const Fd working = TRY(store_.lock(key.name()));
    const std::optional<Layer> layer = find_layer_by_chain(path(), image.chain_ids[number]);
    if (!layer) return "its tree is missing";
    const Descriptor& descriptor = image.manifest.layers[number];
    const std::string lock_path = images_.lock_path(hex_of(descriptor.digest));
    const bool store_is_ours = kernel::exists(images_.path() + "/lock");
    std::optional<StoreLock> stays;
    if (store_is_ours) stays.emplace(TRY(StoreLock::wait(lock_path, StoreLock::Kind::kShared)));
    if (!images_.has(descriptor)) return std::nullopt;  // the store of images is looked through by itself

    auto difference = compare_anew(image, number, *layer);
    const Result<> abandoned = store_.abandon(key);
    if (difference && !abandoned) return fail(abandoned.error());
    ++found_.layers;
    return difference;
  }

  Result<std::optional<std::string>> compare_anew(const WholeImage& image, std::size_t number, const Layer& layer) {
    std::vector<std::string> lower;
    for (std::size_t below = number; below-- > 0;) {
      const std::optional<Layer> one = find_layer_by_chain(path(), image.chain_ids[below]);
      if (!one) return std::nullopt;  // it is told of by itself
      lower.push_back(one->tree);
    }
    const Descriptor& blob = image.manifest.layers[number];
    TRY(unpack_layer_blob({.path = images_.blob_path(blob.digest),
                           .digest = blob.digest,
                           .size = static_cast<std::uint64_t>(blob.size),
                           .diff_id = image.diff_ids[number]},
                          TRY(store_.begin(LayerKey::chain(image.chain_ids[number]))),
                          {.lower = number == 0 ? LowerTrees() : LowerTrees(std::move(lower)),
                           .owners = owners_,
                           .tell = [](std::uint64_t, std::uint64_t) {}}));
    const Fd anew = TRY(kernel::open_file(store_.unfinished_tree(LayerKey::chain(image.chain_ids[number])),
                                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const Fd kept = TRY(kernel::open_file(layer.tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const Result<std::optional<std::string>> difference =
        compare_trees(kept.get(), anew.get(), DirectoryTimes::kPassedOver);
    if (difference) return *difference;
    return difference.error().text();  // a disk that cannot read it has damaged it, too
  }

  Result<> check_records(const std::map<std::string, WholeImage>& images) {
    const std::string records = path() + "/layers/images/";
    for (const std::string& hex : TRY(kernel::list_directory(records))) {
      const auto image = images.find("sha256:" + hex);
      if (!is_whole_id(hex) || image == images.end()) continue;  // prune takes those of images that went
      const Fd use = TRY(hold_layers(path()));
      if (!kernel::exists(records + hex)) continue;
      const std::string lock = path() + "/layers/lock/image." + hex;
      if (chain_ids_of_image(path(), image->first) != image->second.chain_ids) {
        found_.lines.push_back(fmt::format("layers/images/{}: these are not the layers of that image{}", hex,
                                           mend_ ? " (rewritten)" : ""));
        if (!mend_) {
          ++found_.unmended;
          continue;
        }
        const auto held = TRY(open_locked(lock, StoreLock::Kind::kShared, kernel::Lock::kWait));
        TRY(remember_image_layers(path(), image->first, image->second.chain_ids));
      } else if (!find_image_layers(path(), image->first)) {
        TRY(tell_of_missing_layers(records + hex, lock));
      }
    }
    return {};
  }

  // Nothing is wrong with that: whoever runs the image next unpacks them.
  Result<> tell_of_missing_layers(const std::string& record, const std::string& lock) {
    const auto nobody = TRY(open_locked(lock, StoreLock::Kind::kExclusive, kernel::Lock::kTry));
    if (!nobody) return {};  // they are being unpacked
    found_.lines.push_back(fmt::format("image {}: not all of its layers are unpacked{}",
                                       record.substr(record.rfind('/') + 1, 12), mend_ ? " (forgotten)" : ""));
    if (mend_ && ::unlink(record.c_str()) != 0) return fail(os_error("unlink", record));
    return {};
  }

  const ImageStore& images_;
  LayerStore store_;
  OwnerMaps owners_;
  bool mend_;
  LayersCheck found_;
  std::set<std::string> looked_at_;
  std::set<std::string> damaged_;
};

}  // namespace

Result<LayersCheck> check_layers_in(const std::string& images_path, const std::string& path, Mend mend) {
  if (!kernel::exists(path + "/layers")) return LayersCheck{};
  ::umask(0);
  const std::vector<std::string> unfinished = TRY(list_unfinished(path));
  const ImageStore images = TRY(ImageStore::open(images_path));
  LayerStore store = TRY(LayerStore::open(path));  // which clears that
  const OwnerMaps owners = TRY(store.settle_owners({}));
  LayersCheck found = TRY(Check(images, std::move(store), owners, mend).all());
  for (const std::string& name : unfinished)
    found.lines.push_back(fmt::format("layers/tmp/{}: left by a process that was killed (cleared)", name));
  if (mend == Mend::kYes) TRY(clear_free_locks(path));
  return found;
}

}  // namespace caisson::image
