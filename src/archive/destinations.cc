#include "archive/destinations.h"

#include "archive/makers.h"

namespace caisson::archive {

namespace {

DestinationResult destination_of(const image::ImageSource& place, const std::string& spool) {
  switch (place.transport) {
    case image::Transport::kRegistry: break;
    case image::Transport::kOciLayout:
    case image::Transport::kOciArchive: return layout_destination(place, spool);
    case image::Transport::kDockerArchive: return docker_destination(place, spool);
    case image::Transport::kDirectory: return directory_destination(place);
  }
  return fail(complaint("a registry is no archive"));
}

}  // namespace

DestinationResult open_destination(const image::ImageSource& place, const std::string& spool) {
  return TRY_IN(place.text(), destination_of(place, spool));
}

}  // namespace caisson::archive
