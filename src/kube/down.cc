#include "kube/down.h"

#include "engine/pod_lifecycle.h"
#include "engine/pods.h"
#include "engine/secrets.h"
#include "engine/volumes.h"

namespace caisson::kube {

namespace {

Result<> take_down_pod(const std::string& name, const engine::Places& places, const Log& log, TakenDown& down) {
  const Result<engine::Pod> pod = engine::find_pod(places, name);
  if (!pod && engine::is_no_such_pod(pod.error())) return {};
  if (!pod) return fail(pod.error());
  if (pod->record.name != name) return {};  // an id that begins so
  TRY(engine::stop_pod(places, *pod, std::nullopt, log));
  down.stopped.push_back(pod->record.id);
  TRY(engine::remove_pod(places, *pod, engine::Force::kYes, std::nullopt, log));
  down.removed.push_back(pod->record.id);
  return {};
}

}  // namespace

Result<TakenDown> take_down(const Manifest& manifest, Claims claims, const engine::Places& places, const Log& log) {
  TakenDown down;
  for (const Pod& pod : manifest.pods) TRY(take_down_pod(pod.metadata.name, places, log, down));
  for (const Secret& secret : manifest.secrets) {
    const Result<engine::Secret> kept = engine::find_secret(places, secret.metadata.name);
    if (!kept || kept->name != secret.metadata.name) continue;
    TRY(engine::remove_secret(places, *kept));
    down.secrets.push_back(kept->id);
  }
  if (claims == Claims::kStay) return down;
  for (const Claim& claim : manifest.claims) {
    if (!TRY(engine::find_volume(places, claim.metadata.name))) continue;
    TRY(engine::remove_volume(places, claim.metadata.name));
    down.volumes.push_back(claim.metadata.name);
  }
  return down;
}

}  // namespace caisson::kube
