#include "transport/fetch.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include "image/digest.h"
#include "image/digest_name.h"
#include "image/index.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/media_type.h"
#include "image/name_image.h"
#include "image/quoted.h"
#include "transport/crew.h"
#include "transport/fetch_blob.h"

namespace caisson::transport {

namespace {

constexpr int kMostIndexes = 4;  // in one another

// The documents on the way to an image, the outermost first: the last is its manifest.
struct Way {
  std::vector<FoundDocument> stops;
  image::Manifest manifest;
};

Result<image::Descriptor> descriptor_of(const Document& document, const std::string& media_type) {
  return image::Descriptor{.media_type = media_type,
                           .digest = TRY(image::digest_of(document.bytes)),
                           .size = static_cast<std::int64_t>(document.bytes.size())};
}

Result<> check(const image::Descriptor& is, const image::Descriptor& wanted) {
  if (is.size != wanted.size) {
    return fail(
        in(wanted.digest, complaint(fmt::format("it has {} bytes, not {} as the index says", is.size, wanted.size))));
  }
  if (is.digest != wanted.digest)
    return fail(in(wanted.digest, complaint(fmt::format("the content has another digest, {}", is.digest))));
  return {};
}

Result<Way> find_way(Source& source, const std::vector<image::Platform>& fitting, bool is_artifact) {
  Way way;
  Document document = TRY(source.top());
  std::optional<image::Descriptor> wanted;
  for (int depth = 0; depth <= kMostIndexes; ++depth) {
    image::ManifestOrIndex either = TRY(image::read_manifest_or_index(document.bytes, document.media_type));
    const bool is_index = std::holds_alternative<image::Index>(either);
    const std::string& type =
        is_index ? std::get<image::Index>(either).media_type : std::get<image::Manifest>(either).media_type;
    image::Descriptor descriptor = TRY(descriptor_of(document, type));
    if (wanted) TRY(check(descriptor, *wanted));
    way.stops.push_back({std::move(descriptor), std::move(document.bytes)});
    if (!is_index) {
      way.manifest = std::get<image::Manifest>(std::move(either));
      if (!is_artifact) TRY(image::check_is_image(way.manifest));
      return way;
    }
    wanted = TRY(image::choose(std::get<image::Index>(either), fitting));
    document = TRY_IN(wanted->digest, source.document(*wanted));
    if (document.media_type.empty()) document.media_type = wanted->media_type;
  }
  return fail(complaint(fmt::format("more than {} indexes in one another", kMostIndexes)));
}

// The blobs of an image that are on their way into the store: each once, however often the manifest has it.
class Blobs {
 public:
  Blobs(const image::ImageStore& store, Source& source, Board& board) : store_(store), source_(source), board_(board) {}

  Result<> fetch(const std::vector<image::Descriptor>& blobs, std::size_t threads) {
    std::vector<image::Descriptor> wanted;
    for (const image::Descriptor& blob : blobs) {
      if (std::ranges::find(wanted, blob.digest, &image::Descriptor::digest) == wanted.end()) wanted.push_back(blob);
    }
    TRY(fetch_some(wanted, threads, kernel::Lock::kTry));
    const std::vector<image::Descriptor> elsewhere = std::move(later_);  // that other processes are fetching
    return fetch_some(elsewhere, threads, kernel::Lock::kWait);
  }

 private:
  Result<> fetch_some(const std::vector<image::Descriptor>& blobs, std::size_t threads, kernel::Lock how) {
    return in_threads(blobs.size(), threads, [&](std::size_t i) -> Result<> {
      Result<std::optional<image::BlobHold>> hold =
          fetch_blob(store_, source_, blobs[i], image::short_digest(blobs[i].digest), board_, stop_, how);
      if (!hold) {
        stop_ = true;
        return fail(std::move(hold).error());
      }
      const std::lock_guard lock(mutex_);
      if (*hold) {
        holds_.push_back(**std::move(hold));
      } else {
        later_.push_back(blobs[i]);
      }
      return {};
    });
  }

  const image::ImageStore& store_;
  Source& source_;
  Board& board_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<image::BlobHold> holds_;
  std::vector<image::Descriptor> later_;
};

Result<> check_platform(const image::ImageConfig& config, const FetchOptions& options, Fetched& fetched) {
  if (image::rank(options.fitting, config.platform)) return {};
  const std::string words =
      fmt::format("the image is for {}, not for {}", config.platform.text(), options.fitting.front().text());
  if (!options.other_platforms) return fail(complaint(words));
  fetched.warnings.push_back(words);
  return {};
}

Result<> fetch_content(const image::ImageStore& store, const image::Manifest& manifest, const FetchOptions& options,
                       Blobs& blobs, Fetched& fetched) {
  std::vector<image::Descriptor> rest = manifest.layers;
  if (options.is_artifact) {
    rest.push_back(manifest.config);
  } else {
    if (manifest.config.size > static_cast<std::int64_t>(image::kConfigBytes)) {
      return fail(in(manifest.config.digest,
                     complaint(fmt::format("a config of {} bytes is more than caisson reads", manifest.config.size))));
    }
    TRY(blobs.fetch({manifest.config}, 1));
    const std::string text = TRY(store.read_blob(manifest.config, image::kConfigBytes));
    const image::ImageConfig config = TRY_IN(manifest.config.digest, image::read_image_config(text));
    TRY(image::check_layers(manifest, config));
    TRY(check_platform(config, options, fetched));
  }
  return blobs.fetch(rest, options.threads);
}

// What the name is for: by a digest that is the index's, the index was asked for.
const FoundDocument& target_of(const Way& way, const std::string& name) {
  const FoundDocument& top = way.stops.front();
  return name.ends_with("@" + top.descriptor.digest) ? top : way.stops.back();
}

Result<Fetched> fetch(const image::ImageStore& store, Source& source, const FetchOptions& options, Board& board) {
  const Way way = TRY(find_way(source, options.fitting, options.is_artifact));
  Fetched fetched{.manifest = way.stops.back().descriptor, .image_id = way.manifest.config.digest, .warnings = {}};
  if (options.accept) TRY(options.accept(way.stops));
  Blobs blobs(store, source, board);
  TRY(fetch_content(store, way.manifest, options, blobs, fetched));

  const std::vector<std::string> names = options.names();
  const bool whole_way =
      std::ranges::any_of(names, [&](const std::string& name) { return &target_of(way, name) != &way.stops.back(); });
  std::vector<image::BlobHold> documents;
  for (auto stop = way.stops.rbegin(); stop != way.stops.rend() && (whole_way || documents.empty()); ++stop)
    documents.push_back(TRY(image::add_blob(store, stop->bytes, stop->descriptor.digest)));
  for (const std::string& name : names) TRY(image::name_image(store, {name}, target_of(way, name).descriptor));
  if (names.empty()) TRY(image::name_image(store, {}, fetched.manifest));
  return fetched;
}

}  // namespace

Result<Fetched> fetch_image(const image::ImageStore& store, Source& source, const FetchOptions& options, Board& board) {
  return TRY_IN(source.text(), fetch(store, source, options, board));
}

Result<image::Descriptor> look_up_manifest(Source& source, const std::vector<image::Platform>& fitting) {
  return TRY_IN(source.text(), find_way(source, fitting, false)).stops.back().descriptor;
}

}  // namespace caisson::transport
