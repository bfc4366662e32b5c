#include "engine/check_layers.h"

#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/images.h"
#include "engine/own_ids.h"
#include "host/probe.h"
#include "image/digest_name.h"
#include "image/layer_prune.h"
#include "image/layers.h"
#include "image/transfer_child.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

class Check {
 public:
  Check(const Places& places, Repair repair, const Log& log) : places_(places), repair_(repair), log_(log) {
    const HostFacts facts = host::probe();
    if (facts.is_ordinary_user()) own_ = own_ids(facts);
  }

  Result<> look_through(const std::string& store) {
    // What lies on a damaged layer is looked at when that is mended.
    for (bool again = true; again;) {
      const image::Report report = TRY(run(store));
      found_.lines.insert(found_.lines.end(), report.lines.begin(), report.lines.end());
      if (report.damaged.empty()) {
        if (!report.digest && report.lines.empty()) return fail(report.digest.error());
        found_.is_well = found_.is_well && report.digest;
        return {};
      }
      again = repair_ == Repair::kYes && TRY(replace(store, report.damaged));
      if (again) continue;
      found_.is_well = false;
      for (const image::DamagedLayer& layer : report.damaged) tell(layer, TRY(users_of(store, layer)));
    }
    return {};
  }

  LayersCheck found() && { return std::move(found_); }

 private:
  std::optional<kernel::IdMaps> user_namespace() const {
    if (!own_ || !own_->lacking.empty()) return std::nullopt;
    return own_->maps;
  }

  Result<image::Report> run(const std::string& store) {
    std::vector<std::string> words = {places_.libexec + "/transfer", "check-layers", "--report", "--images",
                                      places_.root + "/images",      "--store",      store};
    if (repair_ == Repair::kYes) words.emplace_back("--repair");
    Result<image::Report> report = image::run_transfer(words, user_namespace(), "looked through " + store, log_);
    if (!report && own_) return fail(with_namespace_hint(report.error(), *own_));
    return report;
  }

  // Those that no container uses are removed, and unpacked anew. True if there was one.
  Result<bool> replace(const std::string& store, const std::vector<image::DamagedLayer>& damaged) {
    std::set<std::string> chain_ids;
    for (const image::DamagedLayer& layer : damaged) chain_ids.insert(layer.chain_id);
    const image::PrunedLayers removed =
        TRY(image::remove_layers(store, chain_ids, [&] { return trees_in_use(places_); }, remove_container_tree));
    const std::set<std::string> gone(removed.digests.begin(), removed.digests.end());
    for (const image::DamagedLayer& layer : damaged) {
      if (!gone.contains(layer.chain_id)) continue;
      TRY(image::unpack_image({.transfer = places_.libexec + "/transfer",
                               .images = places_.root + "/images",
                               .store = store,
                               .manifest = layer.manifest,
                               .user_namespace = user_namespace()},
                              log_));
      tell(layer, "unpacked anew");
    }
    return !gone.empty();
  }

  void tell(const image::DamagedLayer& layer, const std::string& more) {
    found_.lines.push_back(fmt::format("layer {}: {}{}", image::hex_of(layer.chain_id), layer.words,
                                       more.empty() ? "" : " (" + more + ")"));
  }

  // "kept: container 0123456789ab was made from it"; empty where --repair can mend it.
  Result<std::string> users_of(const std::string& store, const image::DamagedLayer& layer) {
    const std::string tree = fmt::format("{}/layers/chain/{}/tree", store, image::hex_of(layer.chain_id));
    std::vector<std::string> ids;
    for (const Container& container : TRY(list_containers(places_)).containers) {
      const std::vector<std::string>& lower = container.record.rootfs.lower;
      if (std::ranges::find(lower, tree) != lower.end()) ids.push_back(short_id(container.record.id));
    }
    if (!ids.empty())
      return fmt::format("kept: container{} {} {} made from it", ids.size() == 1 ? "" : "s", join(ids, ", "),
                         ids.size() == 1 ? "was" : "were");
    return repair_ == Repair::kYes ? "kept: another process is at work on it" : "";
  }

  const Places& places_;
  Repair repair_;
  const Log& log_;
  std::optional<OwnIds> own_;
  LayersCheck found_;
};

}  // namespace

Result<LayersCheck> check_layers(const Places& places, Repair repair, const Log& log) {
  Check check(places, repair, log);
  for (const std::string& store : TRY(layer_stores(places))) {
    if (kernel::exists(store + "/layers")) TRY_IN(store, check.look_through(store));
  }
  return std::move(check).found();
}

}  // namespace caisson::engine
