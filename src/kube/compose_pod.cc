#include "kube/compose_pod.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/isolation_grammar.h"
#include "engine/value_grammar.h"
#include "image/reference.h"

namespace caisson::kube {

namespace {

using engine::RunOptions;

constexpr std::int64_t kGrace_s = 30;  // Kubernetes' default
constexpr std::string_view kBuiltin = "builtin:";

const Volume* volume_of(const Pod& pod, const std::string& name) {
  const auto found = std::ranges::find(pod.spec.volumes, name, &Volume::name);
  return found == pod.spec.volumes.end() ? nullptr : &*found;
}

std::size_t users_of(const Pod& pod, const std::string& volume) {
  std::size_t users = 0;
  for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers}) {
    for (const Container& container : *list)
      users += std::ranges::any_of(container.mounts, [&](const VolumeMount& mount) { return mount.volume == volume; });
  }
  return users;
}

// Of one container alone it is a tmpfs; several have it in common only as a directory.
bool is_tmpfs(const Pod& pod, const Volume& volume) {
  return volume.kind == Volume::Kind::kEmpty && volume.in_memory && users_of(pod, volume.name) == 1;
}

Result<std::vector<VolumeFile>> files_of(const Pod& pod, const Volume& volume, const Objects& objects) {
  const bool is_secret = volume.kind == Volume::Kind::kSecret;
  const auto& known = is_secret ? objects.secrets : objects.config_maps;
  const auto object = known.find(volume.source);
  std::vector<VolumeFile> files;
  if (object == known.end()) {
    if (volume.optional) return files;
    return fail(at(pod, volume.line, volume.path,
                   fmt::format("there is no {} {}", is_secret ? "Secret" : "ConfigMap", volume.source)));
  }
  if (volume.items.empty()) {
    for (const auto& [key, content] : object->second)
      files.push_back({.path = key, .content = content, .mode = static_cast<std::uint32_t>(volume.mode)});
    return files;
  }
  for (const KeyToPath& item : volume.items) {
    const auto found = object->second.find(item.key);
    if (found == object->second.end()) {
      if (volume.optional) continue;
      return fail(at(pod, volume.line, volume.path, fmt::format("{} has no key {}", volume.source, item.key)));
    }
    files.push_back({.path = item.file,
                     .content = found->second,
                     .mode = static_cast<std::uint32_t>(item.mode.value_or(volume.mode))});
  }
  return files;
}

// A whole reference is never taken for a path of this host.
Result<std::string> image_source(const Pod& pod, const Container& container) {
  if (container.image.starts_with(kBuiltin)) return container.image;
  const Result<image::Reference> reference = image::parse_reference(container.image);
  if (!reference) return fail(at(pod, container.line, container.path + ".image", reference.error().text()));
  return image::with_default_tag(*reference).text();
}

// The one whose content changes under its name is looked for where it comes from, and does where that cannot be asked.
engine::PullPolicy pull_policy(const Container& container) {
  if (container.pull_policy == "Always") return engine::PullPolicy::kAlways;
  if (container.pull_policy == "Never") return engine::PullPolicy::kNever;
  if (container.pull_policy == "IfNotPresent") return engine::PullPolicy::kMissing;
  const Result<image::Reference> reference = image::parse_reference(container.image);
  const bool is_latest =
      reference && reference->digest.empty() && (reference->tag.empty() || reference->tag == "latest");
  return is_latest ? engine::PullPolicy::kNewer : engine::PullPolicy::kMissing;
}

std::string clean_relative(const std::string& path) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return join(parts, "/");
}

Result<std::string> clean_destination(const Pod& pod, const VolumeMount& mount) {
  const auto clean = engine::read_absolute_path(mount.mount_path);
  if (!clean) return fail(at(pod, mount.line, mount.path + ".mountPath", clean.error().text()));
  return *clean;
}

Result<engine::MountChoice> compose_mount(const Pod& pod, const VolumeMount& mount,
                                          const std::map<std::string, std::string>& volumes) {
  const Volume* volume = volume_of(pod, mount.volume);
  if (volume == nullptr)
    return fail(at(pod, mount.line, mount.path + ".name", fmt::format("there is no volume {}", mount.volume)));
  engine::MountChoice choice{.destination = TRY(clean_destination(pod, mount)),
                             .copy = false,
                             .subpath = clean_relative(mount.sub_path),
                             .typed = fmt::format("{} ({})", mount.path, mount.volume)};
  const bool is_content = volume->kind == Volume::Kind::kConfigMap || volume->kind == Volume::Kind::kSecret;
  if (mount.read_only || volume->read_only || is_content) choice.options.emplace_back("ro");
  if (!mount.propagation.empty()) choice.options.push_back(mount.propagation);
  if (is_tmpfs(pod, *volume)) {
    choice.kind = engine::MountKind::kTmpfs;
    choice.options.emplace_back("mode=1777");
    if (volume->size_bytes) choice.options.push_back(fmt::format("size={}", *volume->size_bytes));
    if (!choice.subpath.empty())
      return fail(at(pod, mount.line, mount.path + ".subPath", "is not supported of a volume in memory"));
    return choice;
  }
  if (volume->kind == Volume::Kind::kHostPath) {
    choice.kind = engine::MountKind::kBind;
    choice.source = volume->source;
    if (!choice.subpath.empty())
      return fail(at(pod, mount.line, mount.path + ".subPath",
                     "is not supported of a hostPath: its path can name the directory itself"));
    return choice;
  }
  choice.kind = engine::MountKind::kVolume;
  const auto made = volumes.find(mount.volume);
  choice.source = volume->kind == Volume::Kind::kClaim ? volume->source : made == volumes.end() ? "" : made->second;
  choice.copy = volume->kind == Volume::Kind::kClaim;
  return choice;
}

std::optional<std::int64_t> whole_bytes(const std::optional<std::int64_t>& thousandths) {
  if (!thousandths) return std::nullopt;
  return *thousandths / 1000;
}

void compose_resources(const Resources& resources, RunOptions& options) {
  constexpr std::int64_t kNanoOfMilli = 1'000'000;
  constexpr std::uint64_t kSharesOfOne = 1024;
  constexpr std::uint64_t kLeastShares = 2;
  options.memory_bytes = whole_bytes(resources.memory_limit);
  options.memory_reservation_bytes = whole_bytes(resources.memory_request);
  if (options.memory_bytes == 0) options.memory_bytes.reset();
  if (options.memory_reservation_bytes == 0) options.memory_reservation_bytes.reset();
  if (resources.cpu_limit && *resources.cpu_limit != 0) options.nano_cpus = *resources.cpu_limit * kNanoOfMilli;
  if (resources.cpu_request && *resources.cpu_request != 0) {
    const auto shares = static_cast<std::uint64_t>(*resources.cpu_request) * kSharesOfOne / 1000;
    options.cpu_shares = std::max(shares, kLeastShares);
  }
}

Result<> compose_capabilities(const Pod& pod, const Container& container, RunOptions& options) {
  const std::string path = container.path + ".securityContext.capabilities";
  for (const std::string& name : container.security.add_capabilities) {
    if (const auto read = engine::read_capability(name, options.cap_add); !read)
      return fail(at(pod, container.line, path + ".add", read.error().text()));
  }
  for (const std::string& name : container.security.drop_capabilities) {
    if (const auto read = engine::read_capability(name, options.cap_drop); !read)
      return fail(at(pod, container.line, path + ".drop", read.error().text()));
  }
  return {};
}

// What the container does not say, the pod says for it.
template <class T>
std::optional<T> first_of(const std::optional<T>& own, const std::optional<T>& pods) {
  return own ? own : pods;
}

Result<> compose_security(const Pod& pod, const Container& container, RunOptions& options) {
  const SecurityContext& own = container.security;
  const SecurityContext& pods = pod.spec.security;
  const auto user = first_of(own.user, pods.user);
  const auto group = first_of(own.group, pods.group);
  if (user) options.user = group ? fmt::format("{}:{}", *user, *group) : std::to_string(*user);
  if (!user && group) options.user = fmt::format("0:{}", *group);
  if (first_of(own.not_root, pods.not_root).value_or(false) && user == 0)
    return fail(at(pod, container.line, container.path + ".securityContext.runAsNonRoot",
                   "and runAsUser: 0 exclude each other"));
  for (const std::int64_t each : pod.spec.groups) options.groups.push_back(std::to_string(each));
  if (pod.spec.fs_group) options.groups.push_back(std::to_string(*pod.spec.fs_group));
  options.privileged = own.privileged.value_or(false);
  options.read_only = own.read_only_root.value_or(false);
  options.read_only_tmpfs = !options.read_only;  // Kubernetes makes nothing there
  options.security.no_new_privileges = !own.escalation.value_or(true);
  options.security.unmask_all = own.unmasked;
  const std::string& seccomp = own.seccomp.empty() ? pods.seccomp : own.seccomp;
  if (seccomp == "unconfined") {
    options.security.seccomp_unconfined = true;
  } else {
    options.security.seccomp_profile = seccomp;
  }
  return compose_capabilities(pod, container, options);
}

bool asks_the_same(const Probe& a, const Probe& b) {
  return a.kind == b.kind && a.command == b.command && a.host == b.host && a.port == b.port &&
         a.url_path == b.url_path && a.headers == b.headers;
}

Result<> compose_health(const Pod& pod, const Container& container, RunOptions& options) {
  const std::optional<Probe>& probe = container.liveness;
  if (!probe) {
    options.health.none = true;  // Kubernetes knows no HEALTHCHECK of images
    if (!container.startup) return {};
    return fail(at(pod, container.startup->line, container.startup->path,
                   "is not supported without a livenessProbe that asks the same"));
  }
  if (container.startup && !asks_the_same(*container.startup, *probe))
    return fail(at(pod, container.startup->line, container.startup->path,
                   "is not supported where it asks something else than the livenessProbe"));
  switch (probe->kind) {
    case Probe::Kind::kExec: {
      options.health.test = {"CMD"};
      options.health.test.insert(options.health.test.end(), probe->command.begin(), probe->command.end());
      break;
    }
    case Probe::Kind::kTcp: options.health.test = {"TCP", probe->host, probe->port}; break;
    case Probe::Kind::kHttp: {
      options.health.test = {"HTTP", probe->host, probe->port, probe->url_path};
      for (const auto& [name, value] : probe->headers) {
        if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
          return fail(at(pod, probe->line, probe->path + ".httpGet.httpHeaders", "has the end of a line in it"));
        options.health.test.push_back(name + ": " + value);
      }
      if (probe->url_path.find_first_of(std::string_view(" \r\n\0", 4)) != std::string::npos)
        return fail(at(pod, probe->line, probe->path + ".httpGet.path", "has white space in it"));
      break;
    }
  }
  std::int64_t start_s = probe->initial_delay_s;
  if (container.startup)
    start_s = container.startup->initial_delay_s + container.startup->period_s * container.startup->failures;
  options.health.interval = std::chrono::seconds(probe->period_s);
  options.health.timeout = std::chrono::seconds(probe->timeout_s);
  options.health.start_period = std::chrono::seconds(start_s);
  options.health.start_interval =
      std::chrono::seconds(container.startup ? container.startup->period_s : probe->period_s);
  options.health.retries = probe->failures;
  options.health.on_failure =
      pod.spec.restart_policy == "Never" ? engine::OnUnhealthy::kKill : engine::OnUnhealthy::kRestart;
  return {};
}

Result<> compose_process(const Pod& pod, const Container& container, const Objects& objects, const PodFacts& facts,
                         RunOptions& options) {
  const Environment environment = TRY(environment_of(pod, container, objects, facts));
  const auto expanded = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all;
    for (const std::string& word : words) all.push_back(expand(word, environment));
    return all;
  };
  for (const auto& [name, value] : environment) options.env.push_back({name, value});
  if (container.command && !container.command->empty()) options.entrypoint = expanded(*container.command);
  options.command = expanded(container.args);
  options.workdir = container.working_directory;
  options.interactive = container.input;
  options.tty = container.terminal;
  options.proxy_variables = false;
  return {};
}

engine::RestartPolicy restart_policy(const PodSpec& spec) {
  engine::RestartPolicy policy;
  if (spec.restart_policy == "Always") policy.when = engine::RestartWhen::kAlways;
  if (spec.restart_policy == "OnFailure") policy.when = engine::RestartWhen::kOnFailure;
  return policy;
}

engine::InitWhen init_when(const Pod& pod) {
  const auto found = pod.metadata.annotations.find("io.podman.annotations.init.container.type");
  return found != pod.metadata.annotations.end() && found->second == "always" ? engine::InitWhen::kAlways
                                                                              : engine::InitWhen::kOnce;
}

}  // namespace

std::string container_name(const Pod& pod, const Container& container) {
  return fmt::format("{}-{}", pod.metadata.name, container.name);
}

Result<std::vector<PodVolume>> pod_volumes(const Pod& pod, const Objects& objects) {
  std::vector<PodVolume> made;
  for (const Volume& volume : pod.spec.volumes) {
    const bool is_elsewhere = volume.kind == Volume::Kind::kHostPath || volume.kind == Volume::Kind::kClaim;
    if (is_elsewhere || is_tmpfs(pod, volume)) continue;
    PodVolume one{.name = volume.name, .is_empty = volume.kind == Volume::Kind::kEmpty};
    if (!one.is_empty) one.files = TRY(files_of(pod, volume, objects));
    if (pod.spec.fs_group) one.group = static_cast<std::uint32_t>(*pod.spec.fs_group);
    for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers}) {
      for (const Container& container : *list) {
        for (const VolumeMount& mount : container.mounts) {
          if (one.is_empty && mount.volume == volume.name && !mount.sub_path.empty())
            one.sub_paths.push_back(clean_relative(mount.sub_path));
        }
      }
    }
    made.push_back(std::move(one));
  }
  return made;
}

namespace {

std::string protocol_word(const Port& port) {
  std::string protocol = port.protocol;
  for (char& c : protocol) c = static_cast<char>(c + ('a' - 'A'));
  return protocol;
}

Result<network::PortChoice> published(const Pod& pod, const Port& port) {
  network::PortChoice choice{
      .host_port = port.host_port, .container_port = port.container_port, .typed = port.path + ".hostPort"};
  choice.protocol = network::read_protocol(protocol_word(port)).value_or(network::Protocol::kTcp);
  if (port.host_ip.empty()) return choice;
  choice.host_address = network::parse_address(port.host_ip);
  if (choice.host_address) return choice;
  return fail(at(pod, port.line, port.path + ".hostIP", fmt::format("'{}' is no address", port.host_ip)));
}

}  // namespace

Result<ComposedPod> compose_pod(const Pod& pod) {
  const PodSpec& spec = pod.spec;
  ComposedPod composed{.infra = {}, .share_processes = spec.share_processes, .restart = restart_policy(spec)};
  RunOptions& infra = composed.infra;
  infra.labels = pod.metadata.labels;
  infra.annotations = pod.metadata.annotations;
  infra.hostname = spec.hostname;
  if (spec.host_network) infra.network = {engine::NamespaceKind::kHost, {}};
  if (spec.host_ipc) infra.ipc = {engine::NamespaceKind::kHost, {}};
  if (!spec.host_users) infra.userns = {.kind = engine::UserNamespaceKind::kAuto};
  for (const HostAlias& alias : spec.host_aliases) {
    const auto address = engine::read_address(alias.address);
    if (!address) return fail(complaint(fmt::format("{}: spec.hostAliases: {}", pod.where, address.error().text())));
    infra.hosts.push_back({.names = alias.names, .address = *address});
  }
  for (const std::string& server : spec.name_servers) {
    const auto address = engine::read_address(server);
    if (!address)
      return fail(complaint(fmt::format("{}: spec.dnsConfig.nameservers: {}", pod.where, address.error().text())));
    infra.dns.push_back(*address);
  }
  infra.dns_search = spec.searches;
  infra.dns_options = spec.dns_options;
  for (const auto& [name, value] : spec.sysctls)
    infra.sysctls.push_back({.name = name, .value = value, .typed = "spec.securityContext.sysctls"});
  for (const auto* list : {&spec.init_containers, &spec.containers}) {
    for (const Container& container : *list) {
      for (const Port& port : container.ports) {
        if (port.host_port != 0 && !spec.host_network) infra.ports.push_back(TRY(published(pod, port)));
      }
    }
  }
  return composed;
}

Result<RunOptions> compose_container(const Pod& pod, const Container& container, ContainerKind kind,
                                     const Objects& objects, const PodFacts& facts,
                                     const std::map<std::string, std::string>& volumes) {
  RunOptions options;
  options.name = container_name(pod, container);
  options.source = TRY(image_source(pod, container));
  options.pull = pull_policy(container);
  options.detach = true;
  options.labels = pod.metadata.labels;
  options.annotations = pod.metadata.annotations;
  options.stop_timeout_s = static_cast<std::int32_t>(pod.spec.grace_s.value_or(kGrace_s));
  if (pod.spec.deadline_s) options.timeout_s = static_cast<std::uint32_t>(*pod.spec.deadline_s);
  if (pod.spec.host_pid) options.pid = {engine::NamespaceKind::kHost, {}};
  if (pod.spec.host_pid) options.typed["pid"] = "hostPID: true";
  if (pod.spec.host_ipc) options.ipc = {engine::NamespaceKind::kHost, {}};
  if (pod.spec.host_ipc) options.typed["ipc"] = "hostIPC: true";
  for (const VolumeMount& mount : container.mounts) options.mounts.push_back(TRY(compose_mount(pod, mount, volumes)));
  for (const Port& port : container.ports) {
    options.exposed_ports.push_back(fmt::format("{}/{}", port.container_port, protocol_word(port)));
  }
  TRY(compose_process(pod, container, objects, facts, options));
  TRY(compose_security(pod, container, options));
  compose_resources(container.resources, options);
  if (kind == ContainerKind::kInit) {
    options.membership.init = init_when(pod);
    options.typed["restart"] = "restartPolicy";  // its own: none
    options.health.none = true;
    return options;
  }
  options.restart = restart_policy(pod.spec);
  options.typed["restart"] = "restartPolicy: " + pod.spec.restart_policy;
  TRY(compose_health(pod, container, options));
  return options;
}

}  // namespace caisson::kube
