#include "image/layer_name.h"

#include <string_view>

#include "image/entry_name.h"

namespace caisson::image {

namespace {
constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kOwnPrefix = ".wh..wh.";
constexpr std::string_view kOpaqueName = ".wh..wh..opq";

bool lies_in_aufs_links(std::string_view name) {
  const std::string_view links = kAufsLinks;
  return name.starts_with(links) && (name.size() == links.size() || name[links.size()] == '/');
}

bool has_reserved_directory(std::string_view directory) {
  return directory.starts_with(kWhiteoutPrefix) || directory.find("/.wh.") != std::string_view::npos;
}
}  // namespace

Result<LayerName> read_layer_name(const std::string& normal_name) {
  if (lies_in_aufs_links(normal_name)) return LayerName{LayerNameKind::kFile, normal_name};
  const Place place = place_of(normal_name);
  const std::string_view base = place.base;
  if (has_reserved_directory(place.directory)) {
    // What AUFS keeps of itself may be a directory with something in it.
    if (place.directory.starts_with(kOwnPrefix)) return LayerName{LayerNameKind::kLeftOut, {}};
    return fail(complaint("no directory in a layer may have a name that begins with '.wh.'"));
  }
  if (!base.starts_with(kWhiteoutPrefix)) return LayerName{LayerNameKind::kFile, normal_name};
  if (base == kOpaqueName) return LayerName{LayerNameKind::kOpaque, place.directory};
  if (base.starts_with(kOwnPrefix)) return LayerName{LayerNameKind::kLeftOut, {}};
  const std::string_view gone = base.substr(kWhiteoutPrefix.size());
  if (gone.empty() || gone == "." || gone == "..") return fail(complaint("it is a whiteout of no name"));
  return LayerName{LayerNameKind::kWhiteout, joined(place.directory, std::string(gone))};
}

}  // namespace caisson::image
