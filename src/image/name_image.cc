#include "image/name_image.h"

#include "image/blob_writer.h"
#include "image/stand_in.h"
#include "image/store_names.h"

namespace caisson::image {

Result<> name_image(const ImageStore& store, const std::vector<std::string>& names, const Descriptor& target) {
  const std::optional<StandIn> made = TRY(stand_in_for(store, target));
  std::vector<BlobHold> holds;
  std::optional<Descriptor> stand_in;
  if (made) {
    for (const StandIn::Document& document : made->documents)
      holds.push_back(TRY(add_blob(store, document.bytes, document.descriptor.digest)));
    stand_in = made->descriptor();
  }
  for (const std::string& name : names) TRY(set_name(store, name, target, stand_in));
  if (names.empty()) TRY(keep_unnamed(store, target, stand_in));
  return {};
}

}  // namespace caisson::image
