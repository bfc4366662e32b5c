// What the verbs on images have in common: where the store is, for which platform, how they show that they get on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "archive/contents.h"
#include "image/image_store.h"
#include "image/platform.h"
#include "image/report.h"
#include "transport/board.h"
#include "transport/fetch.h"
#include "verbs.h"

namespace caisson::transfer {

struct ImageOptions {
  std::string root;      ///< of caisson: the store of images is below it
  std::string platform;  ///< as typed; empty: this host's
  bool quiet = false;
};

/// The store of images below `root`, made if it is missing.
Result<image::ImageStore> open_store(const std::string& root);

/// A directory in the store for files that are too large for memory.
std::string spool_of(const image::ImageStore& store);

/// The platforms that fit, best first.
Result<std::vector<image::Platform>> fitting_platforms(const std::string& platform);

transport::Board::Style style_of(bool quiet);

/// Now, as the config of an image made now says it (RFC 3339).
std::string now();

/// The ending of a verb that brought images, or did not.
struct Brought {
  std::vector<image::ReportedImage> images = {};
  std::vector<std::string> warnings = {};
  std::vector<std::string> lines = {};
};
/// Fetches an image into the store, and adds it to what was brought.
Result<> bring(const image::ImageStore& store, transport::Source& source, const ImageOptions& options,
               const std::function<std::vector<std::string>()>& names, transport::Board& board, Brought& brought,
               const decltype(transport::FetchOptions::accept)& accept = nullptr);
Result<> bring(const image::ImageStore& store, const archive::ContainedImage& image, const ImageOptions& options,
               transport::Board& board, Brought& brought);

Ending ending_of(Result<Brought> brought, bool as_report);

/// The options that all of them have. `Options` is derived from ImageOptions.
template <class Options>
std::vector<command_line::Option<Words<Options>>> common_options() {
  return {{{.name = "root", .argument = "DIR"}, set_text<&Options::root>},
          {{.name = "platform", .argument = "OS/ARCH"}, set_text<&Options::platform>},
          {{.name = "quiet"}, set_true<&Options::quiet>},
          {{.name = "report"}, set_report<Options>}};
}

}  // namespace caisson::transfer
