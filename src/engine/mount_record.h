// What is mounted in a container by its options or its image, as its record keeps it.
#pragma once

#include <string>
#include <vector>

namespace caisson::engine {

struct MountRecord {
  std::string type;                  ///< "volume", "bind", "tmpfs", "image"
  std::string name;                  ///< of a volume, or of an image as it was asked for
  std::string source;                ///< a path of the host; empty: there is none
  std::string destination;           ///< inside, absolute and clean
  std::vector<std::string> options;  ///< words as they were chosen: "ro", "noexec", "O", "nocopy"
  bool writable = true;
  std::string propagation;          ///< "rprivate"; empty: it is a file system of its own
  bool anonymous = false;           ///< a volume that was made for this container
  std::vector<std::string> layers;  ///< of an image: where its layers are, the uppermost first

  bool operator==(const MountRecord&) const = default;
};

}  // namespace caisson::engine
