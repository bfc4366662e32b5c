#include "engine/unpack_ahead.h"

#include <optional>

#include "engine/id_facts.h"
#include "engine/own_ids.h"
#include "engine/source.h"
#include "host/probe.h"
#include "image/layers.h"
#include "image/transfer_child.h"

namespace caisson::engine {

Result<> unpack_ahead(const Places& places, const std::string& manifest, const std::string& id, bool progress,
                      const Log& log) {
  const HostFacts facts = host::probe();
  std::optional<OwnIds> own;
  if (facts.is_ordinary_user()) own = own_ids(facts);
  const RunOptions options;
  const UserNamespace user_namespace =
      TRY(choose_user_namespace(options, TRY(find_id_facts(options, places, facts, own.value_or(OwnIds())))));
  const LayerOwners owners = layer_owners(places, user_namespace, own ? &*own : nullptr);
  if (image::find_image_layers(owners.store, id)) return {};
  const Result<> unpacked = image::unpack_image({.transfer = places.libexec + "/transfer",
                                                 .images = places.root + "/images",
                                                 .store = owners.store,
                                                 .manifest = manifest,
                                                 .uids = owners.uids,
                                                 .gids = owners.gids,
                                                 .user_namespace = owners.maps,
                                                 .progress = progress},
                                                log);
  if (unpacked || !own) return unpacked;
  return fail(with_namespace_hint(unpacked.error(), *own));
}

}  // namespace caisson::engine
