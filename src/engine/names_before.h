// What a wrong image has taken the names of. That its layers are not what its config says is known only when they are
// unpacked, which comes after it has got its names.
#pragma once

#include <vector>

#include "base/result.h"
#include "engine/places.h"
#include "image/image_store.h"
#include "image/report.h"

namespace caisson::engine {

/// The names in the store of images before something came, to be had back.
class NamesBefore {
 public:
  static Result<NamesBefore> read(const Places& places);

  /// If `failure`, of unpacking `came`, says that its content is wrong, and not that something else stood in the way:
  /// takes the image out of the store again, with all that nothing else needs, and gives each of its names to what had
  /// it before. Gives `failure`, or what went wrong with that.
  Error put_back(const image::ReportedImage& came, Error failure) const;

 private:
  NamesBefore(Places places, std::vector<image::StoreEntry> entries)
      : places_(std::move(places)), entries_(std::move(entries)) {}
  Result<> put_back(const image::ReportedImage& came) const;

  Places places_;
  std::vector<image::StoreEntry> entries_;
};

}  // namespace caisson::engine
