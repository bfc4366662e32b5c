// load: the images of an archive, a layout or a directory of their own, into the store.
#include "archive/contents.h"
#include "images.h"

namespace caisson::transfer {

namespace {

using LoadWords = Words<ImageOptions>;

constexpr const char* kUsage = "usage: transfer load --root DIR [--platform P] [--quiet] [--report] (FILE|DIR|-)";

Result<Brought> load_images(const ImageOptions& options, const std::string& path) {
  const image::ImageStore store = TRY(open_store(options.root));
  const archive::Contents contents = TRY(archive::open_any(path, spool_of(store)));
  if (contents.kind == archive::Kind::kRootFilesystem) {
    return fail(in(path, complaint("this is a root filesystem, and no archive of images",
                                   "caisson import makes an image of it; caisson run takes it as it is")));
  }
  transport::Board board(style_of(options.quiet));
  Brought brought;
  for (const archive::ContainedImage& each : contents.images) TRY(bring(store, each, options, board, brought));
  return brought;
}

}  // namespace

Ending load(const std::vector<std::string>& arguments) {
  LoadWords words;
  const auto parsed =
      command_line::parse(common_options<ImageOptions>(), words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.options.root.empty()) return refused(complaint(kUsage));
  return ending_of(load_images(words.options, parsed->operands[0]), words.report);
}

}  // namespace caisson::transfer
