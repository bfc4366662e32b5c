#include "kube/write_manifest.h"

#include <fmt/format.h>

#include "kube/yaml.h"

namespace caisson::kube {

namespace {

// Lines of one document, indented as they are nested.
class Writer {
 public:
  void line(std::size_t depth, std::string_view text) {
    out_ += std::string(depth * 2, ' ') + std::string(text) + "\n";
  }
  void pair(std::size_t depth, std::string_view key, std::string_view value) {
    line(depth, fmt::format("{}: {}", key, yaml_scalar(value)));
  }
  void number(std::size_t depth, std::string_view key, std::int64_t value) {
    line(depth, fmt::format("{}: {}", key, value));
  }
  void flag(std::size_t depth, std::string_view key, bool value) {
    line(depth, fmt::format("{}: {}", key, value ? "true" : "false"));
  }
  void list(std::size_t depth, std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    line(depth, fmt::format("{}:", key));
    for (const std::string& value : values) line(depth, fmt::format("- {}", yaml_scalar(value)));
  }
  void map(std::size_t depth, std::string_view key, const std::map<std::string, std::string>& values) {
    if (values.empty()) return;
    line(depth, fmt::format("{}:", key));
    for (const auto& [name, value] : values) pair(depth + 1, yaml_scalar(name), value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void write_metadata(Writer& writer, const Metadata& metadata) {
  writer.line(0, "metadata:");
  writer.map(1, "annotations", metadata.annotations);
  writer.map(1, "labels", metadata.labels);
  writer.pair(1, "name", metadata.name);
}

std::string milli(std::int64_t thousandths) {
  return thousandths % 1000 == 0 ? std::to_string(thousandths / 1000) : fmt::format("{}m", thousandths);
}

void write_resources(Writer& writer, const Resources& resources) {
  const auto write = [&](std::string_view key, const auto& cpu, const auto& memory) {
    if (!cpu && !memory) return;
    writer.line(3, fmt::format("{}:", key));
    if (cpu) writer.pair(4, "cpu", milli(*cpu));
    if (memory) writer.pair(4, "memory", std::to_string(*memory / 1000));
  };
  if (!resources.cpu_limit && !resources.memory_limit && !resources.cpu_request && !resources.memory_request) return;
  writer.line(2, "resources:");
  write("limits", resources.cpu_limit, resources.memory_limit);
  write("requests", resources.cpu_request, resources.memory_request);
}

void write_security(Writer& writer, const SecurityContext& security) {
  const bool has_capabilities = !security.add_capabilities.empty() || !security.drop_capabilities.empty();
  if (!has_capabilities && !security.user && !security.group && !security.privileged && !security.read_only_root &&
      !security.escalation)
    return;
  writer.line(2, "securityContext:");
  if (security.escalation) writer.flag(3, "allowPrivilegeEscalation", *security.escalation);
  if (has_capabilities) {
    writer.line(3, "capabilities:");
    writer.list(4, "add", security.add_capabilities);
    writer.list(4, "drop", security.drop_capabilities);
  }
  if (security.privileged) writer.flag(3, "privileged", *security.privileged);
  if (security.read_only_root) writer.flag(3, "readOnlyRootFilesystem", *security.read_only_root);
  if (security.group) writer.number(3, "runAsGroup", *security.group);
  if (security.user) writer.number(3, "runAsUser", *security.user);
}

void write_container(Writer& writer, const Container& container) {
  writer.line(1, fmt::format("- name: {}", yaml_scalar(container.name)));
  writer.pair(2, "image", container.image);
  if (container.command) writer.list(2, "command", *container.command);
  writer.list(2, "args", container.args);
  if (!container.env.empty()) {
    writer.line(2, "env:");
    for (const EnvVar& variable : container.env) {
      writer.line(2, fmt::format("- name: {}", yaml_scalar(variable.name)));
      writer.pair(3, "value", variable.value);
    }
  }
  if (!container.ports.empty()) {
    writer.line(2, "ports:");
    for (const Port& port : container.ports) {
      writer.line(2, fmt::format("- containerPort: {}", port.container_port));
      if (port.protocol != "TCP") writer.pair(3, "protocol", port.protocol);
    }
  }
  write_resources(writer, container.resources);
  write_security(writer, container.security);
  if (container.input) writer.flag(2, "stdin", true);
  if (container.terminal) writer.flag(2, "tty", true);
  if (!container.mounts.empty()) {
    writer.line(2, "volumeMounts:");
    for (const VolumeMount& mount : container.mounts) {
      writer.line(2, fmt::format("- mountPath: {}", yaml_scalar(mount.mount_path)));
      writer.pair(3, "name", mount.volume);
      if (mount.read_only) writer.flag(3, "readOnly", true);
    }
  }
  if (!container.working_directory.empty()) writer.pair(2, "workingDir", container.working_directory);
}

void write_volume(Writer& writer, const Volume& volume) {
  writer.line(1, fmt::format("- name: {}", yaml_scalar(volume.name)));
  if (volume.kind == Volume::Kind::kClaim) {
    writer.line(2, "persistentVolumeClaim:");
    writer.pair(3, "claimName", volume.source);
  } else if (volume.kind == Volume::Kind::kHostPath) {
    writer.line(2, "hostPath:");
    writer.pair(3, "path", volume.source);
    if (!volume.host_type.empty()) writer.pair(3, "type", volume.host_type);
  } else {
    writer.line(2, volume.in_memory ? "emptyDir:" : "emptyDir: {}");
    if (volume.in_memory) writer.pair(3, "medium", "Memory");
  }
}

void write_pod(Writer& writer, const Pod& pod) {
  const PodSpec& spec = pod.spec;
  writer.line(0, "apiVersion: v1");
  writer.line(0, "kind: Pod");
  write_metadata(writer, pod.metadata);
  writer.line(0, "spec:");
  writer.line(1, "containers:");
  for (const Container& container : spec.containers) write_container(writer, container);
  if (!spec.host_aliases.empty()) {
    writer.line(1, "hostAliases:");
    for (const HostAlias& alias : spec.host_aliases) {
      writer.line(1, fmt::format("- ip: {}", yaml_scalar(alias.address)));
      writer.list(2, "hostnames", alias.names);
    }
  }
  if (spec.host_ipc) writer.flag(1, "hostIPC", true);
  if (spec.host_network) writer.flag(1, "hostNetwork", true);
  if (spec.host_pid) writer.flag(1, "hostPID", true);
  if (!spec.hostname.empty()) writer.pair(1, "hostname", spec.hostname);
  if (!spec.init_containers.empty()) {
    writer.line(1, "initContainers:");
    for (const Container& container : spec.init_containers) write_container(writer, container);
  }
  writer.pair(1, "restartPolicy", spec.restart_policy);
  if (spec.share_processes) writer.flag(1, "shareProcessNamespace", true);
  if (spec.grace_s) writer.number(1, "terminationGracePeriodSeconds", *spec.grace_s);
  if (spec.volumes.empty()) return;
  writer.line(1, "volumes:");
  for (const Volume& volume : spec.volumes) write_volume(writer, volume);
}

void write_claim(Writer& writer, const Claim& claim) {
  writer.line(0, "apiVersion: v1");
  writer.line(0, "kind: PersistentVolumeClaim");
  write_metadata(writer, claim.metadata);
  writer.line(0, "spec:");
  writer.list(1, "accessModes", {"ReadWriteOnce"});
  writer.line(1, "resources:");
  writer.line(2, "requests:");
  writer.pair(3, "storage", "1Gi");
}

}  // namespace

std::string write_manifest(const Manifest& manifest) {
  std::string text;
  const auto add = [&](Writer& writer) { text += (text.empty() ? "" : "---\n") + writer.take(); };
  for (const Claim& claim : manifest.claims) {
    Writer writer;
    write_claim(writer, claim);
    add(writer);
  }
  for (const Pod& pod : manifest.pods) {
    Writer writer;
    write_pod(writer, pod);
    add(writer);
  }
  return text;
}

}  // namespace caisson::kube
