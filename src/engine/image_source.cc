#include "engine/image_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/events.h"
#include "engine/names_before.h"
#include "engine/obey_policy.h"
#include "engine/short_names.h"
#include "image/host_platform.h"
#include "image/image_store.h"
#include "image/layers.h"
#include "image/platform.h"
#include "image/stored_image.h"
#include "image/transfer_child.h"

namespace caisson::engine {

namespace {

using image::StoredImage;

constexpr int kTries = 8;

// An image, and what its config says.
struct Found {
  StoredImage image;
  image::ImageConfig config;
  std::optional<NamesBefore> before = std::nullopt;  // of one that was pulled
};

class Search {
 public:
  Search(const image::ImageSource& wanted, const RunOptions& options, const Places& places, const Log& log)
      : wanted_(wanted), options_(options), places_(places), log_(log) {}

  Result<Found> find(Unpack unpack);

 private:
  Result<std::optional<Found>> in_store();
  Result<std::optional<Found>> look(const std::string& name);
  Result<Found> pull();
  Result<> read_platform();
  std::string shown() const { return wanted_.is_short ? wanted_.reference.familiar() : wanted_.text(); }

  const image::ImageSource& wanted_;
  const RunOptions& options_;
  const Places& places_;
  const Log& log_;
  std::vector<image::Platform> fitting_;
};

Result<> Search::read_platform() {
  const image::Platform host = image::host_platform();
  if (options_.platform.empty()) {
    fitting_ = image::fitting_host(host);
  } else {
    fitting_ = image::fitting(TRY_IN("--platform", image::parse_platform(options_.platform, host)));
  }
  return {};
}

// A single image, unlike an index, has not been chosen by its platform: that stands in its config.
Result<std::optional<Found>> Search::look(const std::string& name) {
  const image::ImageStore store = TRY(image::ImageStore::open(places_.root + "/images"));
  std::optional<StoredImage> there = TRY(image::find_image(store, name, fitting_, short_names(places_)));
  if (!there) return std::nullopt;
  TRY_IN(name, image::check_is_image(there->manifest));
  image::ImageConfig config = TRY_IN(name, image::read_stored_config(store, *there));
  if (!image::rank(fitting_, config.platform)) {
    if (!options_.platform.empty()) return std::nullopt;
    log_.warning(
        fmt::format("image {} is for {}, and this host is {}", name, config.platform.text(), fitting_.front().text()));
  }
  return Found{.image = *std::move(there), .config = std::move(config)};
}

Result<Found> Search::pull() {
  NamesBefore before = TRY(NamesBefore::read(places_));
  const image::ReportedImage pulled = TRY(image::pull_image({.transfer = places_.libexec + "/transfer",
                                                             .root = places_.root,
                                                             .source = options_.source,
                                                             .platform = options_.platform,
                                                             .authfile = options_.authfile,
                                                             .verify_tls = options_.tls_verify,
                                                             .quiet = options_.quiet},
                                                            log_));
  std::optional<Found> found = TRY(look(pulled.manifest));
  if (found) {
    if (!pulled.names.empty()) found->image.meant = pulled.names.front();
    note_event(places_, image_event("pull", found->image.id(), shown()));
    found->before = std::move(before);
    return *std::move(found);
  }
  return fail(complaint(fmt::format("{} was pulled, but there is no image for {} in it", shown(), fitting_[0].text())));
}

// A short name may be an id, or one that another tool has given. What lies elsewhere has no name here yet.
Result<std::optional<Found>> Search::in_store() {
  if (wanted_.transport != image::Transport::kRegistry) return std::nullopt;
  return look(wanted_.is_short ? options_.source : wanted_.reference.text());
}

Result<Found> Search::find(Unpack unpack) {
  TRY(read_platform());
  const bool may_pull = unpack == Unpack::kIfMissing && options_.pull != PullPolicy::kNever;
  if (may_pull && options_.pull != PullPolicy::kMissing) {
    Result<Found> pulled = pull();
    if (pulled || options_.pull == PullPolicy::kAlways) return pulled;
    std::optional<Found> found = TRY(in_store());
    if (!found) return pulled;
    log_.warning(fmt::format("{}; the image that is in the store is used", pulled.error().text()));
    return *std::move(found);
  }
  std::optional<Found> found = TRY(in_store());
  if (found) return *std::move(found);
  if (may_pull) return pull();
  const std::string for_platform = options_.platform.empty() ? "" : " for " + options_.platform;
  return fail(complaint(fmt::format("image {}{} is not in the store", shown(), for_platform),
                        unpack == Unpack::kNever ? "`caisson run` would pull it; what it does then is up to its config"
                                                 : "--pull missing, which is the default, pulls it"));
}

// By what it was asked for, if that is one of its names.
std::string name_of(const StoredImage& image) {
  return image.meant.empty() && !image.names.empty() ? image.names.front() : image.meant;
}

Result<> check_sha256(const Found& found, const std::string& sha256) {
  const std::string wanted = "sha256:" + sha256;
  const StoredImage& image = found.image;
  if (sha256.empty() || wanted == image.id() || wanted == image.manifest_descriptor.digest ||
      wanted == image.target.digest)
    return {};
  return fail(image::wrong_digest("the image", image.manifest_descriptor.digest, wanted));
}

}  // namespace

Result<Source> find_image_source(const image::ImageSource& wanted, const RunOptions& options, const Places& places,
                                 const LayerOwners& owners, Unpack unpack, const Log& log) {
  const Found found = TRY(Search(wanted, options, places, log).find(unpack));
  TRY_IN("--sha256", check_sha256(found, options.sha256));
  const std::string& id = found.image.id();
  const std::string name = name_of(found.image);
  TRY(obey_policy(places, {.names = {name.empty() ? id : name}, .digest = found.image.manifest_descriptor.digest},
                  log));
  if (found.config.diff_ids.empty())
    return fail(complaint(fmt::format("image {} has no layers: there is nothing to run in it", options.source)));

  Source source;
  source.digest = id;
  source.image = ImageFacts{
      .id = id, .name = name, .digest = found.image.manifest_descriptor.digest, .defaults = found.config.defaults};
  for (int tries = 0;; ++tries) {
    source.hold = TRY(image::hold_layers(owners.store));
    if (auto trees = image::find_image_layers(owners.store, id)) {
      source.layers = *std::move(trees);
      return source;
    }
    source.hold = Fd();
    if (unpack == Unpack::kNever) break;
    if (tries == kTries) return fail(complaint("other commands keep removing the image's layers"));
    const Result<> unpacked = image::unpack_image({.transfer = places.libexec + "/transfer",
                                                   .images = places.root + "/images",
                                                   .store = owners.store,
                                                   .manifest = found.image.manifest_descriptor.digest,
                                                   .uids = owners.uids,
                                                   .gids = owners.gids,
                                                   .user_namespace = owners.maps,
                                                   .progress = !options.quiet},
                                                  log);
    if (unpacked) continue;
    if (!found.before) return fail(unpacked.error());
    return fail(found.before->put_back({.manifest = found.image.manifest_descriptor.digest, .id = id, .names = {}},
                                       unpacked.error()));
  }
  source.is_unpacked = false;
  for (std::size_t i = found.config.diff_ids.size(); i > 0; --i)
    source.layers.push_back(fmt::format("{}/layers/chain/LAYER-{}/tree", owners.store, i));
  return source;
}

}  // namespace caisson::engine
