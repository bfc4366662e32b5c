#include "engine/names_before.h"

#include <algorithm>

#include "engine/images.h"
#include "image/store_names.h"

namespace caisson::engine {

namespace {

bool is_in(const std::vector<image::StoreEntry>& entries, const image::StoreEntry& entry) {
  return std::ranges::any_of(entries, [&](const image::StoreEntry& other) {
    return other.name == entry.name && other.descriptor.digest == entry.descriptor.digest;
  });
}

}  // namespace

Result<NamesBefore> NamesBefore::read(const Places& places) {
  const image::ImageStore store = TRY(image::ImageStore::open(places.root + "/images"));
  return NamesBefore(places, TRY(store.index()).entries);
}

Error NamesBefore::put_back(const image::ReportedImage& came, Error failure) const {
  if (failure.number != 0) return failure;
  const Result<> done = put_back(came);
  return done ? std::move(failure) : in(came.id, done.error());
}

Result<> NamesBefore::put_back(const image::ReportedImage& came) const {
  const image::ImageStore store = TRY(image::ImageStore::create(places_.root + "/images"));
  const auto is_new = [&](const image::StoreEntry& entry) {
    const bool is_its =
        entry.descriptor.digest == came.manifest || std::ranges::find(came.names, entry.name) != came.names.end();
    return is_its && !is_in(entries_, entry);
  };
  for (const image::StoreEntry& entry : TRY(image::remove_entries(store, is_new))) {
    const auto before = std::ranges::find(entries_, entry.name, &image::StoreEntry::name);
    if (!entry.name.empty() && before != entries_.end())
      TRY(image::set_name(store, entry.name, before->descriptor, before->stand_in));
  }
  return remove_unneeded(places_);
}

}  // namespace caisson::engine
