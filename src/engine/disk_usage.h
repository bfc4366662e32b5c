// What caisson keeps, and what it takes on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/containers.h"
#include "engine/images.h"
#include "engine/places.h"
#include "engine/volumes.h"

namespace caisson::engine {

/// A kind of thing that is kept.
struct DiskShare {
  std::size_t total = 0;
  std::size_t active = 0;              ///< that are in use: images and tarballs of containers, containers that run
  std::int64_t bytes = 0;              ///< on the disk
  std::int64_t reclaimable_bytes = 0;  ///< of those, the ones that nothing in use needs
};

struct ImageUsage {
  ListedImage image;
  std::int64_t bytes = 0;         ///< as `images` has it
  std::int64_t shared_bytes = 0;  ///< of layers that another image has, too
  std::size_t containers = 0;
};

struct ContainerUsage {
  Container container;
  std::int64_t bytes = 0;  ///< on the disk: what it has written, its log, its record
};

struct VolumeUsage {
  Volume volume;
  std::int64_t bytes = 0;
  std::size_t containers = 0;  ///< that it is mounted in, or was
};

struct DiskUsage {
  DiskShare images;    ///< the store of images and the layers unpacked from it
  DiskShare tarballs;  ///< root filesystems of tarballs
  DiskShare containers;
  DiskShare volumes;  ///< active: those that a container's record names
  std::vector<ImageUsage> each_image;
  std::vector<ContainerUsage> each_container;
  std::vector<VolumeUsage> each_volume;
  std::vector<std::string> problems;  ///< what could not be read
};

/// Looks at everything. What belongs to an ordinary user's own ids is looked at as root of a namespace that has them.
/// Errors: that namespace, a store that cannot be opened.
Result<DiskUsage> disk_usage(const Places& places);

/// What the container has written, and the layers or the tarball's tree that it was made from; nothing for those of one
/// that was made from a directory. Of an image that is unpacked it is what its layers' files have.
struct ContainerBytes {
  std::int64_t written = 0;
  std::int64_t below = 0;
};
Result<ContainerBytes> container_bytes(const Places& places, const Record& record);

/// What each of these takes on the disk (kernel/bytes_on_disk.h), whoever of the caller's ids it belongs to.
Result<std::map<std::string, std::int64_t>> bytes_of_each(const std::vector<std::string>& paths);

}  // namespace caisson::engine
