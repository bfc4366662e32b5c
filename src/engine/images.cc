#include "engine/images.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/events.h"
#include "engine/own_ids.h"
#include "engine/short_names.h"
#include "image/digest_name.h"
#include "image/host_platform.h"
#include "image/layer_prune.h"
#include "image/layers.h"
#include "image/reference.h"
#include "image/store_names.h"
#include "image/store_prune.h"
#include "keeper/log_entry.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

std::vector<image::Platform> host_platforms() { return image::fitting_host(image::host_platform()); }

// What is not read does not say what it needs: nothing is removed then.
Result<std::vector<Container>> all_containers(const Places& places) {
  Listing listing = TRY(list_containers(places));
  if (listing.damaged.empty()) return std::move(listing.containers);
  return fail(complaint(listing.damaged.front(), "what that container needs is not known, so nothing is removed"));
}

std::vector<UnpackedLayer> unpacked_layers(const std::string& store, const image::StoredImage& image) {
  std::vector<UnpackedLayer> layers;
  for (std::string& chain_id : image::chain_ids_of_image(store, image.id())) {
    const auto bytes = image::find_layer_size(store, chain_id);
    if (!bytes) return {};
    layers.push_back({.chain_id = std::move(chain_id), .bytes = static_cast<std::int64_t>(*bytes)});
  }
  return layers;
}

Result<ListedImage> listed(const Places& places, const image::ImageStore& store, image::StoredImage image) {
  ListedImage one{.image = std::move(image), .config = {}};
  one.config = TRY(image::read_stored_config(store, one.image));
  one.created_ns = keeper::parse_moment(one.config.created).value_or(0);
  one.size_bytes = one.image.manifest_descriptor.size + one.image.manifest.config.size;
  for (const image::Descriptor& layer : one.image.manifest.layers) one.size_bytes += layer.size;
  for (const std::string& layers : TRY(layer_stores(places))) {
    if (one.unpacked.empty()) one.unpacked = unpacked_layers(layers, one.image);
  }
  return one;
}

// What nobody needs once entries are gone: blobs, then the layers of images whose config went with them.
Result<> remove_unneeded(const Places& places, const image::ImageStore& store, PruneImages which,
                         RemovedImages& removed) {
  const bool all = which == PruneImages::kAll;
  removed.bytes += TRY(image::prune_blobs(store, all ? image::Partials::kRemove : image::Partials::kKeep)).bytes;
  // One whose config another image has stays.
  std::erase_if(removed.deleted, [&](const std::string& id) { return kernel::exists(store.blob_path(id)); });
  const image::LayersNeeded needed{.image = [&](const std::string& id) { return kernel::exists(store.blob_path(id)); },
                                   .trees = [&] { return trees_in_use(places); },
                                   .tarballs = !all};
  for (const std::string& layers : TRY(layer_stores(places))) {
    image::PrunedLayers pruned = TRY(image::prune_layers(layers, needed, remove_container_tree));
    removed.bytes += pruned.bytes;
    removed.deleted.insert(removed.deleted.end(), pruned.digests.begin(), pruned.digests.end());
  }
  return {};
}

std::string familiar(const std::string& name) {
  const Result<image::Reference> reference = image::parse_reference(name);
  return reference ? reference->familiar() : name;
}

std::set<std::string> repositories_of(const std::vector<std::string>& names) {
  std::set<std::string> repositories;
  for (const std::string& name : names) {
    if (const Result<image::Reference> reference = image::parse_reference(name)) repositories.insert(reference->name());
  }
  return repositories;
}

// Takes away what cosign has signed the image with in these repositories. True if there was something.
Result<bool> remove_signatures(const image::ImageStore& store, const image::StoredImage& image,
                               const std::set<std::string>& repositories) {
  std::set<std::string> names;
  for (const std::string& repository : repositories) {
    for (const image::Descriptor* signed_one : {&image.target, &image.manifest_descriptor})
      names.insert(fmt::format("{}:sha256-{}.sig", repository, image::hex_of(signed_one->digest)));
  }
  const auto is_one = [&](const image::StoreEntry& entry) { return names.contains(entry.name); };
  return !TRY(image::remove_entries(store, is_one)).empty();
}

// The same for the last name that the image has in its repository.
Result<bool> remove_signatures_beside(const image::ImageStore& store, const image::StoredImage& image,
                                      const std::string& name) {
  std::vector<std::string> others = image.names;
  std::erase(others, name);
  std::set<std::string> repositories = repositories_of({name});
  for (const std::string& repository : repositories_of(others)) repositories.erase(repository);
  return remove_signatures(store, image, repositories);
}

// What makes all names of an image, or of an index, lines of the past, and those of its signatures.
Result<> remove_lines(const Places& places, const image::ImageStore& store, const image::StoredImage& image,
                      RemovedImages& removed) {
  const auto leads_there = [&](const image::StoreEntry& entry) {
    return entry.descriptor.digest == image.target.digest;
  };
  TRY(remove_signatures(store, image, repositories_of(image.names)));
  for (const image::StoreEntry& entry : TRY(image::remove_entries(store, leads_there))) {
    if (entry.name.empty()) continue;
    removed.untagged.push_back(familiar(entry.name));
    note_event(places, image_event("untag", image.id(), entry.name));
  }
  removed.deleted.push_back(image.id());
  note_event(places, image_event("remove", image.id(), ""));
  return {};
}

Result<> check_unused(const image::StoredImage& image, const std::string& shown, const ImageUses& uses,
                      RemoveImage how) {
  const auto found = uses.find(image.id());
  if (found == uses.end()) return {};
  for (const ImageUse& use : found->second) {
    if (how == RemoveImage::kForce && !use.is_running) continue;
    return fail(complaint(fmt::format("image {} is in use by {}container {}", shown, use.is_running ? "running " : "",
                                      short_id(use.container)),
                          use.is_running ? fmt::format("caisson stop {}", short_id(use.container))
                                         : fmt::format("caisson rm {}, or rmi -f: the container keeps the layers",
                                                       short_id(use.container))));
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> layer_stores(const Places& places) {
  std::vector<std::string> stores = {places.root};
  for (const std::string& name : TRY(kernel::list_directory(places.root + "/mapped")))
    stores.push_back(places.root + "/mapped/" + name);
  return stores;
}

Result<std::set<std::string>> trees_in_use(const Places& places) {
  std::set<std::string> trees;
  for (const Container& container : TRY(all_containers(places))) {
    trees.insert(container.record.rootfs.lower.begin(), container.record.rootfs.lower.end());
    for (const MountRecord& mount : container.record.mounts) trees.insert(mount.layers.begin(), mount.layers.end());
  }
  return trees;
}

std::int64_t ListedImage::shown_bytes() const {
  if (unpacked.empty()) return size_bytes;
  std::int64_t bytes = 0;
  for (const UnpackedLayer& layer : unpacked) bytes += layer.bytes;
  return bytes;
}

Result<> remove_unneeded(const Places& places) {
  const image::ImageStore store = TRY(image::ImageStore::create(places.root + "/images"));
  RemovedImages removed;
  return remove_unneeded(places, store, PruneImages::kUnnamed, removed);
}

Result<ImageUses> images_in_use(const Places& places) {
  ImageUses uses;
  for (const Container& container : TRY(all_containers(places))) {
    if (container.record.image)
      uses[container.record.image->id].push_back({container.record.id, container.live.has_value()});
  }
  return uses;
}

Result<image::ImageStore> open_images(const Places& places) { return image::ImageStore::open(places.root + "/images"); }

Result<ImageListing> list_images(const Places& places) {
  const image::ImageStore store = TRY(open_images(places));
  image::ImageList list = TRY(image::list_images(store, host_platforms()));
  ImageListing listing{.images = {}, .problems = std::move(list.problems)};
  for (image::StoredImage& image : list.images) {
    const std::string shown = image.names.empty() ? image.target.digest : image.names.front();
    Result<ListedImage> one = listed(places, store, std::move(image));
    if (one) {
      listing.images.push_back(*std::move(one));
    } else {
      listing.problems.push_back(in(shown, one.error()).text());
    }
  }
  std::ranges::stable_sort(listing.images, std::greater(), &ListedImage::created_ns);
  return listing;
}

Result<ListedImage> find_image(const Places& places, const std::string& name) {
  const image::ImageStore store = TRY(open_images(places));
  std::optional<image::StoredImage> found = TRY(image::find_image(store, name, host_platforms(), short_names(places)));
  if (!found) return fail(complaint(fmt::format("no such image: {}", name)));
  return listed(places, store, *std::move(found));
}

Result<bool> has_image(const Places& places, const std::string& name) {
  const image::ImageStore store = TRY(open_images(places));
  return TRY(image::find_image(store, name, host_platforms(), short_names(places))).has_value();
}

Result<RemovedImages> remove_image(const Places& places, const std::string& name, RemoveImage how) {
  const ListedImage found = TRY(find_image(places, name));
  const image::ImageStore store = TRY(image::ImageStore::create(places.root + "/images"));
  const image::StoredImage& image = found.image;
  const std::string meant = image.meant;
  RemovedImages removed;
  if (!meant.empty() && image.names.size() > 1) {
    TRY(image::remove_name(store, meant));
    removed.untagged.push_back(familiar(meant));
    note_event(places, image_event("untag", image.id(), meant));
    if (TRY(remove_signatures_beside(store, image, meant)))
      TRY(remove_unneeded(places, store, PruneImages::kUnnamed, removed));
    return removed;
  }
  if (meant.empty() && image.names.size() > 1 && how == RemoveImage::kCarefully) {
    return fail(complaint(fmt::format("image {} has several names: {}", name, join(image.names, ", ")),
                          "rmi NAME takes one of them away, rmi -f all"));
  }
  TRY(check_unused(image, name, TRY(images_in_use(places)), how));
  TRY(remove_lines(places, store, image, removed));
  TRY(remove_unneeded(places, store, PruneImages::kUnnamed, removed));
  return removed;
}

Result<RemovedImages> prune_images(const Places& places, PruneImages which,
                                   const std::function<bool(const ListedImage&)>& is_wanted) {
  const image::ImageStore store = TRY(image::ImageStore::create(places.root + "/images"));
  const ImageUses uses = TRY(images_in_use(places));
  RemovedImages removed;
  for (const ListedImage& one : TRY(list_images(places)).images) {
    const bool named = !one.image.names.empty();
    if ((named && which == PruneImages::kUnnamed) || uses.contains(one.image.id()) || !is_wanted(one)) continue;
    TRY(remove_lines(places, store, one.image, removed));
  }
  TRY(remove_unneeded(places, store, which, removed));
  return removed;
}

}  // namespace caisson::engine
