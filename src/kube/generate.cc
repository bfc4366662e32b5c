#include "kube/generate.h"

#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/defaults.h"
#include "engine/pods.h"
#include "engine/volumes.h"
#include "kernel/files.h"
#include "spec/capability.h"
#include "spec/json.h"

namespace caisson::kube {

namespace {

constexpr std::string_view kPrefix = "CAP_";

// Kubernetes' names have no capitals, '_' or '.'.
std::string object_name(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, 63)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool is_capital = c >= 'A' && c <= 'Z';
    name += is_plain ? c : is_capital ? static_cast<char>(c + ('a' - 'A')) : '-';
  }
  while (name.starts_with('-')) name.erase(0, 1);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "x" : name;
}

std::vector<std::string> short_names(std::uint64_t mask) {
  std::vector<std::string> names;
  for (std::string name : spec::capability_names(mask)) {
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    names.push_back(std::move(name));
  }
  return names;
}

bool was_given(const engine::Record& record, std::string_view flag) {
  return std::ranges::any_of(record.create_words, [&](const std::string& word) {
    return word == flag || word == fmt::format("{}=true", flag);
  });
}

SecurityContext security_of(const engine::Record& record, const spec::Config& config) {
  SecurityContext security;
  if (was_given(record, "--privileged")) security.privileged = true;
  if (!record.choices.user.empty()) {
    security.user = config.process.user.uid;
    if (record.choices.user.find(':') != std::string::npos) security.group = config.process.user.gid;
  }
  if (config.root.readonly) security.read_only_root = true;
  if (config.process.no_new_privileges) security.escalation = false;
  if (!security.privileged && config.process.capabilities) {
    const std::uint64_t has = config.process.capabilities->bounding;
    const std::uint64_t usual = engine::default_capabilities();
    security.add_capabilities = short_names(has & ~usual);
    security.drop_capabilities = short_names(usual & ~has);
  }
  return security;
}

Resources resources_of(const spec::Resources& limits) {
  Resources resources;
  if (limits.memory.limit.value_or(0) > 0) resources.memory_limit = *limits.memory.limit * 1000;
  if (limits.memory.reservation.value_or(0) > 0) resources.memory_request = *limits.memory.reservation * 1000;
  const auto period = static_cast<std::int64_t>(limits.cpu.period.value_or(engine::kCpuPeriodUs));
  if (limits.cpu.quota.value_or(0) > 0 && period > 0) resources.cpu_limit = *limits.cpu.quota * 1000 / period;
  if (limits.cpu.shares.value_or(0) > 0)
    resources.cpu_request = static_cast<std::int64_t>(*limits.cpu.shares * 1000 / 1024);
  return resources;
}

// The volume of the pod that is mounted so, which several containers may have in common.
std::string volume_for(const engine::MountRecord& mount, PodSpec& spec) {
  Volume volume{.name = {}, .kind = Volume::Kind::kHostPath, .source = mount.source};
  if (mount.type == "volume" && !mount.anonymous) {
    volume.kind = Volume::Kind::kClaim;
    volume.source = mount.name;
    volume.name = object_name(mount.name) + "-pvc";
  } else if (mount.type == "bind") {
    const auto status = kernel::status_of(mount.source);
    if (status) volume.host_type = S_ISDIR(status->st_mode) ? "Directory" : S_ISREG(status->st_mode) ? "File" : "";
    volume.name = object_name(mount.source) + "-host";
  } else {
    volume.kind = Volume::Kind::kEmpty;
    volume.in_memory = mount.type == "tmpfs";
    volume.source = mount.name;
    volume.name = object_name(mount.destination) + (volume.in_memory ? "-tmpfs" : "-dir");
  }
  const auto known = std::ranges::find_if(spec.volumes, [&](const Volume& each) {
    return each.kind == volume.kind && each.source == volume.source && each.name == volume.name;
  });
  if (known == spec.volumes.end()) {
    const auto is_taken = [&] {
      return std::ranges::find(spec.volumes, volume.name, &Volume::name) != spec.volumes.end();
    };
    for (int number = 2; is_taken(); ++number) volume.name = fmt::format("{}-{}", volume.name, number);
    spec.volumes.push_back(volume);
  }
  return volume.name;
}

Result<Container> container_of(const engine::Container& there, const std::string& name, const engine::Places& places,
                               PodSpec& spec) {
  const engine::Record& record = there.record;
  const std::string path = fmt::format("{}/{}", places.container(record.id), engine::kConfigFile);
  const spec::Reading reading = spec::read_config(TRY(kernel::read_file(path)));
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, path));
  Container container{.name = object_name(name),
                      .image = record.image && !record.image->name.empty() ? record.image->name : record.source};
  if (record.choices.entrypoint) container.command = *record.choices.entrypoint;
  container.args = record.choices.command;
  container.working_directory = record.choices.working_directory;
  for (const std::string& variable : record.choices.environment) {
    const Cut parts = cut(variable, '=');
    std::string value;
    for (const char c : parts.tail.value_or("")) value += c == '$' ? "$$" : std::string(1, c);
    container.env.push_back({.name = std::string(parts.head), .value = value});
  }
  for (const std::string& port : record.choices.exposed_ports) {
    const Cut parts = cut(port, '/');
    const auto number = parse_unsigned(parts.head);
    if (!number || *number > 65535) continue;
    std::string protocol(parts.tail.value_or("tcp"));
    for (char& c : protocol) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    container.ports.push_back({.container_port = static_cast<std::uint16_t>(*number), .protocol = protocol});
  }
  container.resources = resources_of(reading.config.linux_.resources);
  container.security = security_of(record, reading.config);
  container.input = record.interactive;
  container.terminal = record.terminal;
  for (const engine::MountRecord& mount : record.mounts) {
    if (mount.type == "image")
      return fail(complaint(
          fmt::format("container {}: the image at {} has no place in a manifest", record.name, mount.destination)));
    container.mounts.push_back(
        {.volume = volume_for(mount, spec), .mount_path = mount.destination, .read_only = !mount.writable});
  }
  return container;
}

std::string_view restart_word(const engine::RestartPolicy& policy) {
  switch (policy.when) {
    case engine::RestartWhen::kNo: return "Never";
    case engine::RestartWhen::kOnFailure: return "OnFailure";
    case engine::RestartWhen::kAlways:
    case engine::RestartWhen::kUnlessStopped: return "Always";
  }
  return "Never";
}

// `names`: as the containers are called in the manifest.
Result<Pod> pod_of(const std::string& name, const std::vector<engine::Container>& members, std::string_view prefix,
                   const engine::Places& places) {
  Pod pod;
  pod.metadata.name = object_name(name);
  pod.metadata.labels["app"] = pod.metadata.name;
  bool is_first = true;
  for (const engine::Container& member : members) {
    const engine::Record& record = member.record;
    if (record.pod.is_infra) {
      pod.spec.host_network = record.network == "host";
      continue;
    }
    std::string own = record.name;
    if (!prefix.empty() && own.starts_with(prefix)) own.erase(0, prefix.size());
    Container container = TRY(container_of(member, own, places, pod.spec));
    if (record.pod.init != engine::InitWhen::kNot) {
      pod.spec.init_containers.push_back(std::move(container));
      continue;
    }
    pod.spec.containers.push_back(std::move(container));
    if (is_first) pod.spec.restart_policy = restart_word(record.restart);
    if (is_first && record.stop_timeout_s >= 0) pod.spec.grace_s = record.stop_timeout_s;
    if (record.pod.id.empty() && record.network == "host") pod.spec.host_network = true;
    is_first = false;
  }
  if (pod.spec.containers.empty()) return fail(complaint(fmt::format("pod {} has no containers", name)));
  return pod;
}

}  // namespace

Result<Manifest> manifest_of(const std::vector<std::string>& names, const engine::Places& places) {
  Manifest manifest;
  std::vector<engine::Container> loose;
  for (const std::string& name : names) {
    const Result<engine::Pod> pod = engine::find_pod(places, name);
    if (pod) {
      Pod made = TRY(pod_of(pod->record.name, pod->members, pod->record.name + "-", places));
      made.spec.share_processes = pod->record.shares.pid;
      if (pod->record.hostname != pod->record.name) made.spec.hostname = pod->record.hostname;
      for (const auto& [label, value] : pod->record.labels) made.metadata.labels[label] = value;
      manifest.pods.push_back(std::move(made));
      continue;
    }
    if (!engine::is_no_such_pod(pod.error())) return fail(pod.error());
    Result<engine::Container> container = engine::find_container(places, name);
    if (container) {
      if (!container->record.pod.id.empty())
        return fail(complaint(fmt::format("container {} belongs to pod {}", name, container->record.pod.name),
                              fmt::format("caisson kube generate {}", container->record.pod.name)));
      loose.push_back(std::move(*container));
      continue;
    }
    if (!engine::is_no_such_container(container.error())) return fail(container.error());
    const auto volume = TRY(engine::find_volume(places, name));
    if (!volume) return fail(complaint(fmt::format("there is no pod, container or volume {}", name)));
    Claim claim{.metadata = {.name = volume->record.name, .labels = volume->record.labels}};
    const std::pair<const char*, const char*> kOptions[] = {
        {"type", "type"}, {"device", "device"}, {"o", "mount-options"}};
    for (const auto& [option, annotation] : kOptions) {
      const auto found = volume->record.options.find(option);
      if (found != volume->record.options.end())
        claim.metadata.annotations[fmt::format("volume.podman.io/{}", annotation)] = found->second;
    }
    manifest.claims.push_back(std::move(claim));
  }
  if (!loose.empty()) {
    Pod pod = TRY(pod_of(loose.front().record.name + "-pod", loose, "", places));
    manifest.pods.push_back(std::move(pod));
  }
  return manifest;
}

}  // namespace caisson::kube
