// save: images of the store, into an archive, a layout or a directory.
#include "archive/destinations.h"
#include "image/image_source.h"
#include "image/stored_image.h"
#include "images.h"
#include "registry/short_names.h"
#include "transport/deliver.h"

namespace caisson::transfer {

namespace {

using SaveWords = Words<ImageOptions>;

constexpr const char* kUsage =
    "usage: transfer save --root DIR [--platform P] [--quiet] [--report] DESTINATION IMAGE [IMAGE…]";

Result<Brought> save_images(const ImageOptions& options, const std::vector<std::string>& operands) {
  const std::vector<image::Platform> fitting = TRY(fitting_platforms(options.platform));
  const image::ImageSource place = TRY(image::parse_image_source(operands[0]));
  const image::ImageStore store = TRY(open_store(options.root));
  std::vector<image::StoredImage> images;
  for (auto typed = operands.begin() + 1; typed != operands.end(); ++typed) {
    std::optional<image::StoredImage> image = TRY(image::find_image(store, *typed, fitting, registry::short_names));
    if (!image) return fail(in(*typed, complaint("there is no such image in the store")));
    // It is called there what it was called here, unless that was its id.
    image->names = image->meant.empty() ? std::vector<std::string>() : std::vector{image->meant};
    images.push_back(*std::move(image));
  }
  const auto destination = TRY(archive::open_destination(place, spool_of(store)));
  transport::Board board(style_of(options.quiet));
  Brought brought;
  for (const image::StoredImage& image : images) {
    TRY(transport::deliver_image(store, image, *destination, {.names = image.names}, board));
    brought.images.push_back({.manifest = image.manifest_descriptor.digest, .id = image.id(), .names = image.names});
  }
  TRY_IN(place.text(), destination->finish());
  return brought;
}

}  // namespace

Ending save(const std::vector<std::string>& arguments) {
  SaveWords words;
  const auto parsed =
      command_line::parse(common_options<ImageOptions>(), words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() < 2 || words.options.root.empty()) return refused(complaint(kUsage));
  return ending_of(save_images(words.options, parsed->operands), words.report);
}

}  // namespace caisson::transfer
