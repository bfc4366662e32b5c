#include "engine/disk_usage.h"

#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "engine/own_ids.h"
#include "host/probe.h"
#include "image/digest_name.h"
#include "image/layers.h"
#include "kernel/bytes_on_disk.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

using Bytes = std::map<std::string, std::int64_t>;

// A layer or a root filesystem in a store of layers.
struct Unpacked {
  std::string digest;
  std::string path;
};

struct Kept {
  std::vector<std::string> stores;  // STORE/layers, all of each
  std::vector<Unpacked> layers;
  std::vector<Unpacked> tarballs;
};

Result<std::vector<Unpacked>> unpacked_in(const std::string& directory) {
  std::vector<Unpacked> found;
  for (const std::string& hex : TRY(kernel::list_directory(directory)))
    found.push_back({.digest = "sha256:" + hex, .path = directory + "/" + hex});
  return found;
}

Result<Kept> find_kept(const Places& places) {
  Kept kept;
  for (const std::string& store : TRY(layer_stores(places))) {
    kept.stores.push_back(store + "/layers");
    for (Unpacked& one : TRY(unpacked_in(store + "/layers/chain"))) kept.layers.push_back(std::move(one));
    for (Unpacked& one : TRY(unpacked_in(store + "/layers/sha256"))) kept.tarballs.push_back(std::move(one));
  }
  return kept;
}

// What the images that containers were made from need: digests of blobs, chain ids.
std::set<std::string> needed_by_active(const std::vector<ListedImage>& images, const ImageUses& uses) {
  std::set<std::string> needed;
  for (const ListedImage& one : images) {
    if (!uses.contains(one.image.id())) continue;
    needed.insert({one.image.target.digest, one.image.manifest_descriptor.digest, one.image.id()});
    if (one.image.stand_in) needed.insert(one.image.stand_in->digest);
    for (const image::Descriptor& layer : one.image.manifest.layers) needed.insert(layer.digest);
  }
  return needed;
}

DiskShare share_of_tarballs(const Kept& kept, const std::set<std::string>& trees, const Bytes& bytes) {
  DiskShare share;
  for (const Unpacked& tarball : kept.tarballs) {
    const std::int64_t size = bytes.at(tarball.path);
    ++share.total;
    share.bytes += size;
    if (trees.contains(tarball.path + "/tree")) {
      ++share.active;
    } else {
      share.reclaimable_bytes += size;
    }
  }
  return share;
}

// By chain id where the layers are unpacked, by the digest of what is stored otherwise.
using Layers = std::map<std::string, std::int64_t>;
Layers layers_of(const ListedImage& one) {
  Layers layers;
  for (const UnpackedLayer& layer : one.unpacked) layers.emplace(layer.chain_id, layer.bytes);
  if (!layers.empty()) return layers;
  for (const image::Descriptor& layer : one.image.manifest.layers) layers.emplace(layer.digest, layer.size);
  return layers;
}

std::vector<ImageUsage> usage_of_images(std::vector<ListedImage> images, const ImageUses& uses) {
  std::map<std::string, int> owners;
  for (const ListedImage& one : images) {
    for (const auto& [layer, bytes] : layers_of(one)) ++owners[layer];
  }
  std::vector<ImageUsage> usage;
  for (ListedImage& one : images) {
    ImageUsage& added = usage.emplace_back();
    added.bytes = one.shown_bytes();
    for (const auto& [layer, bytes] : layers_of(one)) added.shared_bytes += owners[layer] > 1 ? bytes : 0;
    const auto use = uses.find(one.image.id());
    added.containers = use == uses.end() ? 0 : use->second.size();
    added.image = std::move(one);
  }
  return usage;
}

std::vector<std::string> paths_to_measure(const Places& places, const Kept& kept, const Listing& containers,
                                          const VolumeListing& volumes) {
  std::vector<std::string> paths = kept.stores;
  for (const Unpacked& one : kept.layers) paths.push_back(one.path);
  for (const Unpacked& one : kept.tarballs) paths.push_back(one.path);
  for (const Container& container : containers.containers) paths.push_back(places.container(container.record.id));
  for (const Volume& volume : volumes.volumes) paths.push_back(volume.data);
  paths.push_back(places.root + "/images");
  return paths;
}

// The store of images and all of the stores of layers but what is of tarballs.
Result<DiskShare> share_of_images(const Places& places, const Kept& kept, const std::vector<ListedImage>& images,
                                  const ImageUses& uses, const std::set<std::string>& trees, const Bytes& bytes) {
  DiskShare share;
  std::set<std::string> ids;
  for (const ListedImage& one : images) {
    if (ids.insert(one.image.id()).second && uses.contains(one.image.id())) ++share.active;
  }
  share.total = ids.size();
  share.bytes = bytes.at(places.root + "/images");
  for (const std::string& store : kept.stores) share.bytes += bytes.at(store);
  for (const Unpacked& tarball : kept.tarballs) share.bytes -= bytes.at(tarball.path);

  std::set<std::string> needed = needed_by_active(images, uses);
  for (const std::string& store : kept.stores) {
    for (const auto& [id, containers] : uses) {
      for (std::string& chain_id : image::chain_ids_of_image(store.substr(0, store.rfind('/')), id))
        needed.insert(std::move(chain_id));
    }
  }
  for (const Unpacked& layer : kept.layers) {
    if (!needed.contains(layer.digest) && !trees.contains(layer.path + "/tree"))
      share.reclaimable_bytes += bytes.at(layer.path);
  }
  const std::string blobs = places.root + "/images/blobs/sha256/";
  for (const std::string& hex : TRY(kernel::list_directory(blobs))) {
    if (!needed.contains("sha256:" + hex)) share.reclaimable_bytes += kernel::bytes_on_disk(blobs + hex);
  }
  return share;
}

void add_volumes(std::vector<Volume> volumes, const VolumeUses& uses, const Bytes& bytes, DiskUsage& usage) {
  for (Volume& volume : volumes) {
    const auto use = uses.find(volume.record.name);
    VolumeUsage one{.bytes = bytes.at(volume.data), .containers = use == uses.end() ? 0 : use->second.size()};
    ++usage.volumes.total;
    usage.volumes.bytes += one.bytes;
    if (one.containers != 0) {
      ++usage.volumes.active;
    } else {
      usage.volumes.reclaimable_bytes += one.bytes;
    }
    one.volume = std::move(volume);
    usage.each_volume.push_back(std::move(one));
  }
}

}  // namespace

// Those who are in a namespace write what they have seen into a file that has no name.
Result<Bytes> bytes_of_each(const std::vector<std::string>& paths) {
  Bytes bytes;
  const HostFacts facts = host::probe();
  if (!facts.is_ordinary_user()) {
    for (const std::string& path : paths) bytes[path] = kernel::bytes_on_disk(path);
    return bytes;
  }
  const Fd file(::memfd_create("bytes", MFD_CLOEXEC));
  if (!file) return fail(os_error("memfd_create", "bytes"));
  TRY(as_root_of(own_ids(facts), [&]() -> Result<> {
    std::string text;
    for (const std::string& path : paths) text += fmt::format("{}\n", kernel::bytes_on_disk(path));
    return kernel::write_all(file.get(), text, "bytes");
  }));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return fail(os_error("lseek", "bytes"));
  const std::string text = TRY(kernel::read_all(file.get(), "bytes"));
  const std::vector<std::string_view> lines = split(text, '\n');
  for (std::size_t i = 0; i < paths.size(); ++i)
    bytes[paths[i]] = i < lines.size() ? parse_signed(lines[i]).value_or(0) : 0;
  return bytes;
}

Result<DiskUsage> disk_usage(const Places& places) {
  const Kept kept = TRY(find_kept(places));
  Listing containers = TRY(list_containers(places));
  ImageListing images = TRY(list_images(places));
  VolumeListing volumes = TRY(list_volumes(places));
  DiskUsage usage;
  usage.problems = containers.damaged;
  usage.problems.insert(usage.problems.end(), volumes.damaged.begin(), volumes.damaged.end());
  usage.problems.insert(usage.problems.end(), images.problems.begin(), images.problems.end());

  ImageUses uses;
  VolumeUses volume_uses;
  std::set<std::string> trees;
  for (const Container& container : containers.containers) {
    const Record& record = container.record;
    for (const MountRecord& mount : record.mounts) {
      if (mount.type == "volume") volume_uses[mount.name].push_back(record.name);
    }
    if (record.image) uses[record.image->id].push_back({record.id, container.live.has_value()});
    trees.insert(record.rootfs.lower.begin(), record.rootfs.lower.end());
    for (const MountRecord& mount : record.mounts) trees.insert(mount.layers.begin(), mount.layers.end());
  }
  const Bytes bytes = TRY(bytes_of_each(paths_to_measure(places, kept, containers, volumes)));
  usage.images = TRY(share_of_images(places, kept, images.images, uses, trees, bytes));
  usage.tarballs = share_of_tarballs(kept, trees, bytes);
  for (Container& container : containers.containers) {
    const std::int64_t size = bytes.at(places.container(container.record.id));
    ++usage.containers.total;
    usage.containers.bytes += size;
    if (container.live) {
      ++usage.containers.active;
    } else {
      usage.containers.reclaimable_bytes += size;
    }
    usage.each_container.push_back({.container = std::move(container), .bytes = size});
  }
  add_volumes(std::move(volumes.volumes), volume_uses, bytes, usage);
  usage.each_image = usage_of_images(std::move(images.images), uses);
  return usage;
}

Result<ContainerBytes> container_bytes(const Places& places, const Record& record) {
  std::vector<std::string> paths;
  if (!record.rootfs.upper.empty()) paths.push_back(record.rootfs.upper);
  ContainerBytes bytes;
  const Result<ListedImage> image =
      record.image ? find_image(places, record.digest) : Result<ListedImage>(ListedImage());
  const bool is_known = image && !image->unpacked.empty();
  if (is_known) {
    bytes.below = image->shown_bytes();
  } else {
    paths.insert(paths.end(), record.rootfs.lower.begin(), record.rootfs.lower.end());
  }
  for (const auto& [path, size] : TRY(bytes_of_each(paths)))
    (path == record.rootfs.upper ? bytes.written : bytes.below) += size;
  return bytes;
}

}  // namespace caisson::engine
