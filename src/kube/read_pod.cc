// The spec of a pod (Kubernetes' API, core/v1 PodSpec and Container).
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "kube/quantity.h"
#include "kube/read_manifest.h"

namespace caisson::kube {

namespace {

constexpr std::int64_t kMostId = 0xFFFF'FFFE;
constexpr std::int64_t kMostSeconds = 1'000'000;
constexpr std::int64_t kMostPort = 65535;

KeyReference read_reference(Fields from) {
  KeyReference reference{.name = from.required_text("name").value_or(""),
                         .key = from.required_text("key").value_or(""),
                         .optional = from.boolean("optional").value_or(false)};
  from.finish();
  return reference;
}

std::optional<std::int64_t> read_quantity(Fields& fields, std::string_view key) {
  const Node* node = fields.find(key);
  if (node == nullptr) return std::nullopt;
  const bool may_be = node->kind == NodeKind::kText || node->kind == NodeKind::kNumber;
  const auto quantity = may_be ? parse_quantity(node->text) : std::nullopt;
  if (!quantity) fields.error(key, "is no quantity: 500m, 1.5, 64Mi are");
  return quantity;
}

EnvVar read_env(Fields& env) {
  EnvVar variable{.name = env.required_text("name").value_or(""), .path = env.path(), .line = env.line()};
  if (variable.name.find('=') != std::string::npos) env.error("name", "has a '=' in it");
  Fields from = env.fields("valueFrom");
  if (!from.is_there()) {
    variable.value = env.text("value").value_or("");
    return variable;
  }
  if (env.find("value") != nullptr) env.error("valueFrom", "and value exclude each other");
  std::size_t sources = 0;
  if (Fields map = from.fields("configMapKeyRef"); map.is_there()) {
    variable.from = EnvVar::From::kConfigMap;
    variable.reference = read_reference(std::move(map));
    ++sources;
  }
  if (Fields secret = from.fields("secretKeyRef"); secret.is_there()) {
    variable.from = EnvVar::From::kSecret;
    variable.reference = read_reference(std::move(secret));
    ++sources;
  }
  if (Fields field = from.fields("fieldRef"); field.is_there()) {
    variable.from = EnvVar::From::kField;
    variable.field = field.required_text("fieldPath").value_or("");
    field.text("apiVersion");
    field.finish();
    ++sources;
  }
  if (Fields resource = from.fields("resourceFieldRef"); resource.is_there()) {
    variable.from = EnvVar::From::kResource;
    variable.field = resource.required_text("resource").value_or("");
    variable.container = resource.text("containerName").value_or("");
    variable.divisor_thousandths = read_quantity(resource, "divisor").value_or(0);
    resource.finish();
    ++sources;
  }
  from.finish();
  if (sources != 1) env.error("valueFrom", "needs one of configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef");
  return variable;
}

EnvFrom read_env_from(Fields& each) {
  EnvFrom from{.prefix = each.text("prefix").value_or(""), .path = each.path(), .line = each.line()};
  Fields map = each.fields("configMapRef");
  Fields secret = each.fields("secretRef");
  if (map.is_there() == secret.is_there()) each.error("configMapRef", "or secretRef: one of them is needed");
  from.is_secret = secret.is_there();
  Fields& chosen = from.is_secret ? secret : map;
  from.name = chosen.required_text("name").value_or("");
  from.optional = chosen.boolean("optional").value_or(false);
  chosen.finish();
  return from;
}

VolumeMount read_mount(Fields& each) {
  VolumeMount mount{.volume = each.required_text("name").value_or(""),
                    .mount_path = each.required_text("mountPath").value_or(""),
                    .sub_path = each.text("subPath").value_or(""),
                    .read_only = each.boolean("readOnly").value_or(false),
                    .path = each.path(),
                    .line = each.line()};
  if (!mount.mount_path.empty() && mount.mount_path.find(':') != std::string::npos)
    each.error("mountPath", "has a ':' in it");
  if (!mount.mount_path.empty() && mount.mount_path[0] != '/') mount.mount_path.insert(0, "/");
  for (const std::string_view part : split(mount.sub_path, '/')) {
    if (part == "..") each.error("subPath", "has '..' in it");
  }
  if (mount.sub_path.starts_with('/')) each.error("subPath", "begins with '/'");
  const std::string propagation = each.word("mountPropagation", {"None", "HostToContainer", "Bidirectional"});
  if (propagation == "HostToContainer") mount.propagation = "rslave";
  if (propagation == "Bidirectional") mount.propagation = "rshared";
  each.not_supported({"subPathExpr"});
  if (each.word("recursiveReadOnly", {"Disabled", "IfPossible", "Enabled"}) == "Enabled")
    each.error("recursiveReadOnly", "is not supported");
  return mount;
}

Port read_port(Fields& each) {
  Port port{.container_port = static_cast<std::uint16_t>(each.number("containerPort", 1, kMostPort).value_or(0)),
            .host_port = static_cast<std::uint16_t>(each.number("hostPort", 0, kMostPort).value_or(0)),
            .host_ip = each.text("hostIP").value_or(""),
            .protocol = each.word("protocol", {"TCP", "UDP", "SCTP"}),
            .path = each.path(),
            .line = each.line()};
  if (port.container_port == 0 && each.find("containerPort") == nullptr) each.error("containerPort", "is missing");
  each.text("name");
  return port;
}

// A number, or the name of a port.
std::string read_port_name(Fields& fields) {
  const Node* node = fields.find("port");
  if (node == nullptr) {
    fields.error("port", "is missing");
    return {};
  }
  if (node->kind == NodeKind::kNumber) {
    const auto number = fields.number("port", 1, kMostPort);
    return number ? std::to_string(*number) : std::string();
  }
  return fields.text("port").value_or("");
}

std::optional<Probe> read_probe(Fields probe) {
  if (!probe.is_there()) return std::nullopt;
  Probe read{.path = probe.path(), .line = probe.line()};
  std::size_t kinds = 0;
  if (Fields exec = probe.fields("exec"); exec.is_there()) {
    read.kind = Probe::Kind::kExec;
    read.command = exec.texts("command");
    if (read.command.empty()) exec.error("command", "is missing");
    exec.finish();
    ++kinds;
  }
  if (Fields http = probe.fields("httpGet"); http.is_there()) {
    read.kind = Probe::Kind::kHttp;
    read.host = http.text("host").value_or("");
    read.port = read_port_name(http);
    read.url_path = http.text("path").value_or("/");
    read.scheme = http.word("scheme", {"HTTP", "HTTPS"});
    if (read.scheme == "HTTPS") http.error("scheme", "HTTPS is not supported: a command (exec) can ask for that");
    http.each("httpHeaders", [&](Fields& header) {
      read.headers.emplace_back(header.required_text("name").value_or(""), header.text("value").value_or(""));
    });
    http.finish();
    ++kinds;
  }
  if (Fields tcp = probe.fields("tcpSocket"); tcp.is_there()) {
    read.kind = Probe::Kind::kTcp;
    read.host = tcp.text("host").value_or("");
    read.port = read_port_name(tcp);
    tcp.finish();
    ++kinds;
  }
  probe.not_supported({"grpc"});
  if (kinds != 1 && probe.find("grpc") == nullptr) probe.error("exec", "httpGet or tcpSocket: one of them is needed");
  read.initial_delay_s = probe.number("initialDelaySeconds", 0, kMostSeconds).value_or(0);
  read.period_s = probe.number("periodSeconds", 1, kMostSeconds).value_or(10);
  read.timeout_s = probe.number("timeoutSeconds", 1, kMostSeconds).value_or(1);
  read.failures = probe.number("failureThreshold", 1, kMostSeconds).value_or(3);
  probe.number("successThreshold", 1, 1);
  probe.without_effect({"terminationGracePeriodSeconds"}, "the pod's own holds");
  probe.finish();
  return read;
}

void read_seccomp(Fields profile, SecurityContext& security) {
  if (!profile.is_there()) return;
  const std::string type = profile.word("type", {"RuntimeDefault", "Unconfined", "Localhost"});
  const auto file = profile.text("localhostProfile");
  if (type == "Unconfined") security.seccomp = "unconfined";
  if (type == "Localhost") {
    if (!file || !file->starts_with('/'))
      profile.error("localhostProfile", "has to be the absolute path of a profile on this host");
    security.seccomp = file.value_or("");
  }
  profile.finish();
}

void read_user(Fields& context, SecurityContext& security) {
  security.user = context.number("runAsUser", 0, kMostId);
  security.group = context.number("runAsGroup", 0, kMostId);
  security.not_root = context.boolean("runAsNonRoot");
  read_seccomp(context.fields("seccompProfile"), security);
  context.without_effect({"seLinuxOptions"}, "there is no SELinux");
  context.without_effect({"windowsOptions"});
  context.not_supported({"appArmorProfile"});
}

SecurityContext read_security(Fields context) {
  SecurityContext security;
  if (!context.is_there()) return security;
  read_user(context, security);
  Fields capabilities = context.fields("capabilities");
  security.add_capabilities = capabilities.texts("add");
  security.drop_capabilities = capabilities.texts("drop");
  capabilities.finish();
  security.privileged = context.boolean("privileged");
  security.read_only_root = context.boolean("readOnlyRootFilesystem");
  security.escalation = context.boolean("allowPrivilegeEscalation");
  security.unmasked = context.word("procMount", {"Default", "Unmasked"}) == "Unmasked";
  context.finish();
  return security;
}

void refuse_other_resources(Fields& amounts) {
  amounts.not_supported({"hugepages-2Mi", "hugepages-1Gi"});
  amounts.without_effect({"ephemeral-storage"});
}

Resources read_resources(Fields resources) {
  Resources read;
  if (!resources.is_there()) return read;
  Fields limits = resources.fields("limits");
  read.cpu_limit = read_quantity(limits, "cpu");
  read.memory_limit = read_quantity(limits, "memory");
  refuse_other_resources(limits);
  limits.finish();
  Fields requests = resources.fields("requests");
  read.cpu_request = read_quantity(requests, "cpu");
  read.memory_request = read_quantity(requests, "memory");
  refuse_other_resources(requests);
  requests.finish();
  resources.not_supported({"claims"});
  resources.finish();
  return read;
}

// A probe may name a port of its container's.
void resolve_ports(Fields& container, std::optional<Probe>& probe) {
  if (!probe || probe->port.empty() || parse_unsigned(probe->port)) return;
  std::string number;
  const Node* ports = container.find("ports");
  if (ports != nullptr && ports->kind == NodeKind::kList) {
    for (const Node& port : ports->items) {
      const Node* name = port.find("name");
      const Node* value = port.find("containerPort");
      if (name != nullptr && value != nullptr && name->text == probe->port) number = value->text;
    }
  }
  if (number.empty() || !parse_unsigned(number)) {
    container.error("ports", fmt::format("none is called '{}', which a probe asks for", probe->port.substr(0, 40)));
  }
  probe->port = number;
}

Container read_container(Fields& each, bool is_init) {
  Container container{.name = each.required_text("name").value_or(""),
                      .image = each.required_text("image").value_or(""),
                      .path = each.path(),
                      .line = each.line()};
  if (each.find("command") != nullptr) container.command = each.texts("command");
  container.args = each.texts("args");
  container.working_directory = each.text("workingDir").value_or("");
  if (!container.working_directory.empty() && container.working_directory[0] != '/')
    each.error("workingDir", "has to be an absolute path");
  each.each("env", [&](Fields& env) { container.env.push_back(read_env(env)); });
  each.each("envFrom", [&](Fields& from) { container.env_from.push_back(read_env_from(from)); });
  each.each("volumeMounts", [&](Fields& mount) { container.mounts.push_back(read_mount(mount)); });
  each.each("ports", [&](Fields& port) { container.ports.push_back(read_port(port)); });
  if (is_init) {
    each.not_supported({"livenessProbe", "startupProbe", "readinessProbe"}, "an init container runs to its end");
    each.not_supported({"restartPolicy"}, "an init container runs to its end");
  } else {
    container.liveness = read_probe(each.fields("livenessProbe"));
    container.startup = read_probe(each.fields("startupProbe"));
    resolve_ports(each, container.liveness);
    resolve_ports(each, container.startup);
    each.without_effect({"readinessProbe"}, "nothing asks which pods are ready");
  }
  container.security = read_security(each.fields("securityContext"));
  container.resources = read_resources(each.fields("resources"));
  container.pull_policy = each.word("imagePullPolicy", {"", "Always", "IfNotPresent", "Never"});
  container.input = each.boolean("stdin").value_or(false);
  container.terminal = each.boolean("tty").value_or(false);
  each.not_supported({"lifecycle", "volumeDevices"});
  each.without_effect({"stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "resizePolicy"});
  return container;
}

void read_containers(Fields& spec, PodSpec& pod) {
  std::vector<std::string> names;
  const auto keep = [&](Fields& each, Container container, std::vector<Container>& containers) {
    const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (!container.name.empty() &&
        (container.name.size() > 63 || container.name.front() == '-' || !std::ranges::all_of(container.name, is_plain)))
      each.error("name", fmt::format("'{}' is no name: a-z, 0-9 and '-' are in one", container.name.substr(0, 80)));
    if (std::ranges::find(names, container.name) != names.end())
      each.error("name", fmt::format("'{}' is there twice", container.name.substr(0, 80)));
    names.push_back(container.name);
    containers.push_back(std::move(container));
  };
  spec.each("initContainers", [&](Fields& each) { keep(each, read_container(each, true), pod.init_containers); });
  spec.each("containers", [&](Fields& each) { keep(each, read_container(each, false), pod.containers); });
  if (spec.is_there() && pod.containers.empty()) spec.error("containers", "there is none");
}

void read_names(Fields& spec, PodSpec& pod) {
  pod.hostname = spec.text("hostname").value_or("");
  spec.each("hostAliases", [&](Fields& alias) {
    HostAlias read{.address = alias.required_text("ip").value_or(""), .names = alias.texts("hostnames")};
    if (read.names.empty()) alias.error("hostnames", "is missing");
    pod.host_aliases.push_back(std::move(read));
  });
  const std::string policy = spec.word("dnsPolicy", {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"});
  Fields dns = spec.fields("dnsConfig");
  pod.name_servers = dns.texts("nameservers");
  pod.searches = dns.texts("searches");
  dns.each("options", [&](Fields& option) {
    const std::string name = option.required_text("name").value_or("");
    const auto value = option.text("value");
    pod.dns_options.push_back(value ? fmt::format("{}:{}", name, *value) : name);
  });
  dns.finish();
  if (policy == "None" && pod.name_servers.empty()) spec.error("dnsPolicy", "None needs dnsConfig.nameservers");
  spec.without_effect({"subdomain", "setHostnameAsFQDN"}, "there is no domain of a cluster");
}

void read_pod_security(Fields context, PodSpec& pod) {
  if (!context.is_there()) return;
  read_user(context, pod.security);
  pod.fs_group = context.number("fsGroup", 0, kMostId);
  context.word("fsGroupChangePolicy", {"", "Always", "OnRootMismatch"});
  if (const Node* groups = context.find("supplementalGroups"); groups != nullptr) {
    for (const Node& group : groups->items) {
      const auto id = group.kind == NodeKind::kNumber ? parse_signed(group.text) : std::nullopt;
      if (id && *id >= 0 && *id <= kMostId) {
        pod.groups.push_back(*id);
      } else {
        context.error("supplementalGroups", "has something in it that is no group's number");
      }
    }
  }
  if (context.word("supplementalGroupsPolicy", {"Merge", "Strict"}) == "Strict")
    context.error("supplementalGroupsPolicy", "Strict is not supported");
  context.each("sysctls", [&](Fields& sysctl) {
    pod.sysctls.emplace_back(sysctl.required_text("name").value_or(""), sysctl.required_text("value").value_or(""));
  });
  context.finish();
}

void refuse_the_clusters(Fields& spec) {
  spec.without_effect({"nodeName", "nodeSelector", "affinity", "tolerations", "topologySpreadConstraints",
                       "schedulerName", "priority", "priorityClassName", "preemptionPolicy", "overhead"},
                      "there is one node");
  spec.without_effect({"serviceAccountName", "serviceAccount", "automountServiceAccountToken", "enableServiceLinks",
                       "readinessGates", "imagePullSecrets"},
                      "there is no cluster");
  spec.not_supported({"ephemeralContainers", "resourceClaims", "runtimeClassName", "os", "schedulingGates"});
}

}  // namespace

PodSpec read_pod_spec(Fields& spec) {
  PodSpec pod;
  read_containers(spec, pod);
  pod.volumes = read_volumes(spec);
  pod.restart_policy = spec.word("restartPolicy", {"Always", "OnFailure", "Never"});
  read_names(spec, pod);
  pod.host_network = spec.boolean("hostNetwork").value_or(false);
  pod.host_pid = spec.boolean("hostPID").value_or(false);
  pod.host_ipc = spec.boolean("hostIPC").value_or(false);
  pod.share_processes = spec.boolean("shareProcessNamespace").value_or(false);
  pod.host_users = spec.boolean("hostUsers").value_or(true);
  if (pod.host_pid && pod.share_processes) spec.error("shareProcessNamespace", "and hostPID exclude each other");
  pod.grace_s = spec.number("terminationGracePeriodSeconds", 0, kMostSeconds);
  pod.deadline_s = spec.number("activeDeadlineSeconds", 1, kMostSeconds);
  read_pod_security(spec.fields("securityContext"), pod);
  refuse_the_clusters(spec);
  return pod;
}

}  // namespace caisson::kube
