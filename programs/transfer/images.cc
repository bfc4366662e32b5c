#include "images.h"

#include <time.h>

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "image/host_platform.h"
#include "transport/fetch.h"

namespace caisson::transfer {

Result<image::ImageStore> open_store(const std::string& root) { return image::ImageStore::create(root + "/images"); }

std::string spool_of(const image::ImageStore& store) { return store.partial_path(""); }

Result<std::vector<image::Platform>> fitting_platforms(const std::string& platform) {
  const image::Platform host = image::host_platform();
  if (platform.empty()) return image::fitting_host(host);
  return image::fitting(TRY_IN("--platform " + platform, image::parse_platform(platform, host)));
}

transport::Board::Style style_of(bool quiet) {
  return quiet ? transport::Board::Style::kQuiet : transport::Board::style_of_standard_error();
}

std::string now() {
  const time_t seconds = ::time(nullptr);
  struct tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Result<> bring(const image::ImageStore& store, transport::Source& source, const ImageOptions& options,
               const std::function<std::vector<std::string>()>& names, transport::Board& board, Brought& brought,
               const decltype(transport::FetchOptions::accept)& accept) {
  const transport::FetchOptions fetch{.fitting = TRY(fitting_platforms(options.platform)),
                                      .other_platforms = options.platform.empty(),
                                      .names = names,
                                      .accept = accept};
  transport::Fetched fetched = TRY(transport::fetch_image(store, source, fetch, board));
  brought.images.push_back({.manifest = fetched.manifest.digest, .id = fetched.image_id, .names = names()});
  std::ranges::move(fetched.warnings, std::back_inserter(brought.warnings));
  return {};
}

Result<> bring(const image::ImageStore& store, const archive::ContainedImage& image, const ImageOptions& options,
               transport::Board& board, Brought& brought) {
  return bring(store, *image.source, options, [&] { return image.names; }, board, brought);
}

Ending ending_of(Result<Brought> brought, bool as_report) {
  if (!brought) return {.report = {.warnings = {}, .digest = fail(std::move(brought).error())}, .as_report = as_report};
  std::string digest = brought->images.empty() ? "" : brought->images.back().manifest;
  return {.report = {.warnings = std::move(brought->warnings),
                     .digest = std::move(digest),
                     .images = std::move(brought->images),
                     .lines = std::move(brought->lines)},
          .as_report = as_report};
}

}  // namespace caisson::transfer
