#include "kube/play.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/containers.h"
#include "engine/pod_lifecycle.h"
#include "engine/pods.h"
#include "engine/run.h"
#include "engine/secrets.h"
#include "engine/volumes.h"
#include "kernel/files.h"
#include "kube/compose_pod.h"
#include "kube/read_manifest.h"
#include "kube/volumes.h"
#include "spec/json.h"

namespace caisson::kube {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encode_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t n = 0; n < 3; ++n) bits = bits << 8U | (n < count ? static_cast<unsigned char>(bytes[i + n]) : 0U);
    for (std::size_t n = 0; n < 4; ++n) text += n <= count ? kAlphabet[bits >> (18 - 6 * n) & 0x3FU] : '=';
  }
  return text;
}

// As a manifest has it, so that another that names it finds it in the store.
std::string secret_document(const Secret& secret) {
  Json data = Json::object();
  for (const auto& [key, bytes] : secret.data) data[key] = encode_base64(bytes);
  const Json document = {
      {"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", secret.metadata.name}}}, {"data", data}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::set<std::string> named_secrets(const Manifest& manifest) {
  std::set<std::string> names;
  for (const Pod& pod : manifest.pods) {
    for (const Volume& volume : pod.spec.volumes) {
      if (volume.kind == Volume::Kind::kSecret) names.insert(volume.source);
    }
    for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers}) {
      for (const Container& container : *list) {
        for (const EnvVar& variable : container.env) {
          if (variable.from == EnvVar::From::kSecret) names.insert(variable.reference.name);
        }
        for (const EnvFrom& from : container.env_from) {
          if (from.is_secret) names.insert(from.name);
        }
      }
    }
  }
  return names;
}

// One of the store that another manifest has brought; nothing for any other.
std::optional<Secret> stored_secret(const std::string& name, const engine::Places& places) {
  const Result<engine::Secret> found = engine::find_secret(places, name);
  if (!found || found->name != name) return std::nullopt;
  const Result<std::string> content = engine::secret_content(places, *found);
  if (!content) return std::nullopt;
  Reading reading = read_manifest(*content, name);
  if (!reading.errors.empty() || reading.manifest.secrets.size() != 1) return std::nullopt;
  return std::move(reading.manifest.secrets.front());
}

Objects objects_of(const Manifest& manifest, const engine::Places& places) {
  Objects objects;
  for (const ConfigMap& map : manifest.config_maps) objects.config_maps[map.metadata.name] = map.data;
  for (const Secret& secret : manifest.secrets) objects.secrets[secret.metadata.name] = secret.data;
  for (const std::string& name : named_secrets(manifest)) {
    if (objects.secrets.contains(name)) continue;
    if (const auto stored = stored_secret(name, places)) objects.secrets[name] = stored->data;
  }
  return objects;
}

PodFacts facts_of(std::string uid) {
  PodFacts facts{.uid = std::move(uid)};
  struct utsname names{};
  if (::uname(&names) == 0) facts.node_name = names.nodename;
  facts.processors = std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L);
  facts.memory_bytes = std::int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
  return facts;
}

bool wants_no_root(const Pod& pod, const Container& container) {
  return container.security.not_root.value_or(pod.spec.security.not_root.value_or(false));
}

// Whose user is known only once the image is.
Result<> check_user(const Pod& pod, const Container& container, const std::string& id, const engine::Places& places) {
  if (!wants_no_root(pod, container)) return {};
  const std::string path = fmt::format("{}/{}", places.container(id), engine::kConfigFile);
  const spec::Reading reading = spec::read_config(TRY(kernel::read_file(path)));
  if (reading.config.process.user.uid != 0) return {};
  return fail(at(pod, container.line, container.path + ".securityContext.runAsNonRoot", "its image's user is root"));
}

class Player {
 public:
  Player(const PlayOptions& options, const engine::Places& places, const Log& log)
      : options_(options), places_(places), log_(log) {}

  Result<PlayedPod> make(const Pod& pod, const Objects& objects);

 private:
  Result<std::string> make_pod(const Pod& pod);
  Result<> make_containers(const Pod& pod, const Objects& objects, PlayedPod& played);
  Result<> make_container(const Pod& pod, const Container& container, ContainerKind kind, const Objects& objects,
                          const std::map<std::string, std::string>& volumes, PlayedPod& played);

  const PlayOptions& options_;
  const engine::Places& places_;
  const Log& log_;
};

Result<std::string> Player::make_pod(const Pod& pod) {
  ComposedPod composed = TRY(compose_pod(pod));
  engine::PodOptions wanted{.infra = std::move(composed.infra), .name = pod.metadata.name, .replace = options_.replace};
  wanted.shares.pid = composed.share_processes;
  wanted.exit_policy = engine::ExitPolicy::kStop;
  if (!pod.spec.host_network) {
    wanted.infra.network = options_.network.network;
    wanted.infra.networks = options_.network.networks;
    wanted.infra.user_network = options_.network.user_network;
    wanted.infra.user_network_options = options_.network.user_network_options;
  }
  if (options_.userns) wanted.infra.userns = *options_.userns;
  if (pod.spec.host_ipc) wanted.shares.ipc = false;
  return TRY_IN(pod.where, engine::create_pod(wanted, places_, log_));
}

Result<> Player::make_container(const Pod& pod, const Container& container, ContainerKind kind, const Objects& objects,
                                const std::map<std::string, std::string>& volumes, PlayedPod& played) {
  engine::RunOptions options = TRY(compose_container(pod, container, kind, objects, facts_of(played.id), volumes));
  options.pod = played.id;
  options.quiet = options_.quiet;
  options.authfile = options_.authfile;
  options.tls_verify = options_.tls_verify;
  if (options_.log) options.log = *options_.log;
  for (const auto& [name, value] : options_.annotations) options.annotations[name] = value;
  const Result<std::string> id = engine::create(options, places_, log_);
  if (!id) return fail(in(fmt::format("{}: line {}: {}", pod.where, container.line, container.path), id.error()));
  TRY(check_user(pod, container, *id, places_));
  played.containers.push_back(*id);
  return {};
}

Result<> Player::make_containers(const Pod& pod, const Objects& objects, PlayedPod& played) {
  const auto volumes = TRY(make_pod_volumes(TRY(pod_volumes(pod, objects)), places_));
  const auto make_all = [&]() -> Result<> {
    for (const Container& container : pod.spec.init_containers)
      TRY(make_container(pod, container, ContainerKind::kInit, objects, volumes, played));
    for (const Container& container : pod.spec.containers)
      TRY(make_container(pod, container, ContainerKind::kPlain, objects, volumes, played));
    return {};
  };
  const Result<> made = make_all();
  const engine::VolumeUses uses = engine::volume_uses(places_).value_or(engine::VolumeUses());
  for (const auto& [manifests, name] : volumes) {
    // Which no container mounts goes at once: nothing else would remove it.
    if (!uses.contains(name)) (void)engine::remove_volume(places_, name);
  }
  return made;
}

Result<PlayedPod> Player::make(const Pod& pod, const Objects& objects) {
  TRY(prepare_host_paths(pod));
  PlayedPod played{.id = TRY(make_pod(pod))};
  const Result<> made = make_containers(pod, objects, played);
  if (made) return played;
  if (const Result<engine::Pod> half = engine::find_pod(places_, played.id)) {
    if (const Result<> removed = engine::remove_pod(places_, *half, engine::Force::kYes, std::nullopt, log_); !removed)
      log_.warning(removed.error().text());
  }
  return fail(made.error());
}

Result<> check_names(const Manifest& manifest, const PlayOptions& options, const engine::Places& places) {
  std::set<std::string> names;
  for (const Pod& pod : manifest.pods) {
    if (!names.insert(pod.metadata.name).second)
      return fail(complaint(fmt::format("{}: another pod of the manifest has that name", pod.where)));
    const Result<engine::Pod> there = engine::find_pod(places, pod.metadata.name);
    if (!there && !engine::is_no_such_pod(there.error())) return fail(there.error());
    if (there && there->record.name == pod.metadata.name && !options.replace) {
      return fail(complaint(fmt::format("{}: there is a pod {} already", pod.where, pod.metadata.name),
                            "--replace takes its place"));
    }
  }
  return {};
}

Result<> keep_secrets(const Manifest& manifest, const engine::Places& places, Played& played) {
  for (const Secret& secret : manifest.secrets) {
    const engine::Secret kept = TRY_IN("Secret " + secret.metadata.name,
                                       engine::make_secret(places, secret.metadata.name, secret_document(secret),
                                                           secret.metadata.labels, engine::Replace::kYes));
    played.secrets.push_back(kept.id);
  }
  return {};
}

Result<> make_claims(const Manifest& manifest, const engine::Places& places, Played& played) {
  for (const Claim& claim : manifest.claims) {
    const std::string item = "PersistentVolumeClaim " + claim.metadata.name;
    TRY_IN(item, engine::check_volume_options(claim.options));
    TRY_IN(item, engine::make_volume(
                     places, {.name = claim.metadata.name, .labels = claim.metadata.labels, .options = claim.options}));
    played.volumes.push_back(claim.metadata.name);
  }
  return {};
}

}  // namespace

Result<Played> play(const Manifest& manifest, const PlayOptions& options, const engine::Places& places,
                    const Log& log) {
  TRY(check_names(manifest, options, places));
  const Objects objects = objects_of(manifest, places);
  for (const Pod& pod : manifest.pods) {  // before anything is made
    TRY(compose_pod(pod));
    TRY(pod_volumes(pod, objects));
    for (const Container& container : pod.spec.init_containers)
      TRY(compose_container(pod, container, ContainerKind::kInit, objects, facts_of(""), {}));
    for (const Container& container : pod.spec.containers)
      TRY(compose_container(pod, container, ContainerKind::kPlain, objects, facts_of(""), {}));
  }
  Played played;
  TRY(keep_secrets(manifest, places, played));
  TRY(make_claims(manifest, places, played));
  Player player(options, places, log);
  for (const Pod& pod : manifest.pods) {
    Result<PlayedPod> made = player.make(pod, objects);
    if (made) {
      played.pods.push_back(std::move(*made));
      continue;
    }
    for (const PlayedPod& former : played.pods) {
      const Result<engine::Pod> there = engine::find_pod(places, former.id);
      if (there) (void)engine::remove_pod(places, *there, engine::Force::kYes, std::nullopt, log);
    }
    return fail(std::move(made).error());
  }
  if (!options.start) return played;
  for (PlayedPod& pod : played.pods) {
    const Result<engine::Pod> there = engine::find_pod(places, pod.id);
    const Result<> started = there ? engine::start_pod(places, *there, log) : fail(there.error());
    if (!started) pod.failures.push_back(started.error().text());
  }
  return played;
}

}  // namespace caisson::kube
