// push: an image of the store, to a registry or to wherever else images may go.
#include <algorithm>
#include <iterator>

#include "archive/destinations.h"
#include "image/image_source.h"
#include "image/stored_image.h"
#include "images.h"
#include "registries.h"
#include "registry/registry_destination.h"
#include "registry/short_names.h"
#include "transport/deliver.h"

namespace caisson::transfer {

namespace {

struct PushOptions : ImageOptions, RegistryOptions {};
using PushWords = Words<PushOptions>;

constexpr const char* kUsage =
    "usage: transfer push --root DIR [--platform P] [--authfile FILE] [--cert-dir DIR] [--tls-verify=false] [--quiet] "
    "[--report] IMAGE [DESTINATION]";

// By the names that images of the store have: those of the same registry hold the layers that they share.
registry::Holders holders_in(const image::ImageList& list) {
  return [&list](const image::Descriptor& blob) {
    std::vector<image::Reference> holders;
    for (const image::StoredImage& image : list.images) {
      if (std::ranges::find(image.manifest.layers, blob.digest, &image::Descriptor::digest) ==
          image.manifest.layers.end())
        continue;
      for (const std::string& name : image.names) {
        if (auto reference = image::parse_reference(name)) holders.push_back(*std::move(reference));
      }
    }
    return holders;
  };
}

// Where an image goes if nobody says so: to where its name leads.
Result<std::string> own_place(const image::StoredImage& image, const std::string& typed) {
  if (!image.meant.empty()) return "docker://" + image.meant;
  return fail(in(typed, complaint("this is no name to push to", "caisson push IMAGE DESTINATION")));
}

Result<Brought> push_image(const PushOptions& options, const std::vector<std::string>& operands, Heard& heard) {
  const std::vector<image::Platform> fitting = TRY(fitting_platforms(options.platform));
  const image::ImageStore store = TRY(open_store(options.root));
  const std::optional<image::StoredImage> image =
      TRY(image::find_image(store, operands[0], fitting, registry::short_names));
  if (!image) return fail(in(operands[0], complaint("there is no such image in the store")));
  const std::string where = operands.size() == 2 ? operands[1] : TRY(own_place(*image, operands[0]));
  const image::ImageSource place = TRY(image::parse_image_source(where));
  const image::ImageList all = TRY(image::list_images(store, fitting));

  const bool is_registry = place.transport == image::Transport::kRegistry;
  std::unique_ptr<transport::Destination> destination;
  if (is_registry) {
    auto opened = TRY(registry::RegistryDestination::open(place.reference.text(), registry_options(options, heard)));
    opened->set_holders(holders_in(all));
    destination = std::move(opened);
  } else {
    destination = TRY(archive::open_destination(place, spool_of(store)));
  }
  transport::Board board(style_of(options.quiet));
  const image::Descriptor sent =
      TRY(transport::deliver_image(store, *image, *destination, {.names = image->names}, board));
  TRY_IN(place.text(), destination->finish());
  return Brought{.images = {{.manifest = sent.digest,
                             .id = image->id(),
                             .names = {is_registry ? place.reference.text() : place.text()}}}};
}

}  // namespace

Ending push(const std::vector<std::string>& arguments) {
  PushWords words;
  auto table = common_options<PushOptions>();
  std::ranges::copy(registry_rows<PushOptions>(), std::back_inserter(table));
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  const std::size_t operands = parsed->operands.size();
  if (parsed->help || operands < 1 || operands > 2 || words.options.root.empty()) return refused(complaint(kUsage));
  Heard heard;
  Ending ending = ending_of(push_image(words.options, parsed->operands, heard), words.report);
  std::ranges::move(heard.take(), std::back_inserter(ending.report.warnings));
  return ending;
}

}  // namespace caisson::transfer
