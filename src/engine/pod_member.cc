#include "engine/pod_member.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/pod_lifecycle.h"
#include "engine/pods.h"
#include "engine/start.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kNew = "new:";
constexpr std::size_t kIdBytes = 4096;

// What belongs to the network and the names that a pod's containers share.
constexpr std::array<std::string_view, 8> kOfNetwork = {"network",    "add-host", "dns",     "dns-option",
                                                        "dns-search", "no-hosts", "publish", "publish-all"};

Result<> refuse_given(const RunOptions& options, std::string_view name, std::string_view why) {
  const auto typed = options.typed.find(std::string(name));
  if (typed == options.typed.end()) return {};
  return fail(in(typed->second, complaint(std::string(why), "caisson pod create has that option for the pod")));
}

// A pod that the container brings along: the network and the names that are asked for are the pod's.
Result<> make_pod(RunOptions& options, const std::string& name, const Places& places, const Log& log) {
  PodOptions pod{.infra = {}, .name = name};
  RunOptions& infra = pod.infra;
  for (const std::string_view each : kOfNetwork) {
    const auto typed = options.typed.find(std::string(each));
    if (typed == options.typed.end()) continue;
    infra.typed.insert(*typed);
    options.typed.erase(typed);
  }
  infra.network = std::exchange(options.network, RunOptions().network);
  infra.hosts = std::exchange(options.hosts, {});
  infra.no_hosts = std::exchange(options.no_hosts, false);
  infra.dns = std::exchange(options.dns, {});
  infra.dns_search = std::exchange(options.dns_search, {});
  infra.dns_options = std::exchange(options.dns_options, {});
  infra.hostname = std::exchange(options.hostname, {});
  options.typed.erase("hostname");
  TRY(create_pod(pod, places, log));
  return {};
}

Result<std::string> wanted_pod(RunOptions& options, const Places& places, const Log& log) {
  std::string reference = options.pod;
  if (!options.pod_id_file.empty()) {
    if (!reference.empty()) return fail(complaint("--pod and --pod-id-file exclude each other"));
    const std::string text = TRY_IN("--pod-id-file", kernel::read_file(options.pod_id_file, kIdBytes));
    reference = std::string(cut(text, '\n').head);
  }
  if (!reference.starts_with(kNew)) return reference;
  reference.erase(0, kNew.size());
  TRY_IN("--pod", make_pod(options, reference, places, log));
  return reference;
}

Result<> share(RunOptions& options, const Pod& pod) {
  const PodShares& shares = pod.record.shares;
  const NamespaceChoice joined{NamespaceKind::kContainer, pod.record.infra_id};
  if (shares.network) {
    for (const std::string_view name : kOfNetwork)
      TRY(refuse_given(options, name, "the pod's containers share its network"));
    options.network = joined;
    options.no_hosts = pod.record.no_hosts;
  }
  if (shares.uts && !options.typed.contains("uts")) {
    TRY(refuse_given(options, "hostname", "the pod's containers share its name"));
    TRY(refuse_given(options, "domainname", "the pod's containers share its name"));
    options.uts = joined;
  }
  if (shares.ipc && !options.typed.contains("ipc")) options.ipc = joined;
  if (shares.pid && !options.typed.contains("pid")) options.pid = joined;
  if (shares.cgroup && !options.typed.contains("cgroupns")) options.cgroupns = joined;
  for (const std::string_view name : {"userns", "uidmap", "gidmap"})
    TRY(refuse_given(options, name, "a pod's containers are all in its user namespace"));
  if (pod.record.user_namespace)
    options.userns = {.kind = UserNamespaceKind::kContainer, .target = pod.record.infra_id};
  return {};
}

}  // namespace

Result<Fd> join_pod(RunOptions& options, JoinFor purpose, const Places& places, const Log& log) {
  if (options.pod.empty() && options.pod_id_file.empty()) return Fd();
  const Pod pod = TRY_IN("--pod", find_pod(places, TRY(wanted_pod(options, places, log))));
  const InitWhen init = options.membership.init;
  options.membership = {.id = pod.record.id, .name = pod.record.name, .init = init};
  Fd held = TRY_IN("--pod", enter_pod(places, options.membership));
  TRY(refuse_given(options, "cgroup-parent", "the cgroups of a pod's containers lie below the pod's"));
  options.cgroup_parent = pod.record.cgroup_path;
  if (pod.record.restart && !options.typed.contains("restart")) options.restart = *pod.record.restart;
  if (!pod.record.has_infra) return held;
  const Container* infra = pod.infra();
  if (infra == nullptr)
    return fail(in("--pod", complaint(fmt::format("the infra container of pod {} is gone", pod.record.name),
                                      fmt::format("caisson pod rm -f {}", pod.record.name))));
  TRY(share(options, pod));
  options.requirements.push_back(infra->record.id);
  if (!infra->record.mounts.empty())
    options.volumes_from.push_back({.container = infra->record.id, .read_only = false, .typed = "--pod"});
  if (purpose == JoinFor::kLater || infra->live) return held;
  runtime::Stopwatch watch;
  const RunResult started = start(infra->record, {.detached = true}, places, log, watch);
  if (!started) return fail(in("--pod", complaint(started.error().line, started.error().hint)));
  return held;
}

}  // namespace caisson::engine
