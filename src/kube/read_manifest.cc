#include "kube/read_manifest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::kube {

namespace {

constexpr std::int64_t kMostReplicas = 1000;
constexpr std::size_t kLongestName = 253;

bool is_object_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kLongestName && plain(name.front()) && plain(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

Metadata read_metadata(Fields metadata, bool needs_name) {
  Metadata read;
  if (const auto name = needs_name ? metadata.required_text("name") : metadata.text("name")) {
    read.name = *name;
    if (!name->empty() && !is_object_name(*name))
      metadata.error("name", fmt::format("'{}' is no name: a-z, 0-9, '-' and '.' are in one", *name));
  }
  read.space = metadata.text("namespace").value_or("");
  read.labels = metadata.map("labels");
  read.annotations = metadata.map("annotations");
  // What a cluster writes there of itself.
  for (const char* key :
       {"uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields", "ownerReferences",
        "finalizers", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds"})
    metadata.find(key);
  metadata.finish();
  return read;
}

void read_pod(Fields& document, const Metadata& metadata, const Findings& findings, Manifest& manifest) {
  Fields spec = document.fields("spec");
  if (!spec.is_there()) document.error("spec", "is missing");
  Pod pod{.metadata = metadata, .spec = read_pod_spec(spec), .where = findings.where};
  spec.finish();
  document.find("status");  // a cluster's own words
  manifest.pods.push_back(std::move(pod));
}

void read_deployment(Fields& document, const Metadata& metadata, const Findings& findings, Manifest& manifest) {
  Fields spec = document.fields("spec");
  if (!spec.is_there()) document.error("spec", "is missing");
  const std::int64_t replicas = spec.number("replicas", 0, kMostReplicas).value_or(1);
  spec.find("selector");  // whose pods they are is known: they are made here
  spec.without_effect({"strategy", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"},
                      "nothing rolls out");
  if (spec.boolean("paused").value_or(false)) spec.warning("paused", "has no effect here");
  Fields pod_template = spec.fields("template");
  if (!pod_template.is_there()) spec.error("template", "is missing");
  Metadata inner = read_metadata(pod_template.fields("metadata"), false);
  Fields inner_spec = pod_template.fields("spec");
  if (!inner_spec.is_there()) pod_template.error("spec", "is missing");
  const PodSpec pod_spec = read_pod_spec(inner_spec);
  inner_spec.finish();
  pod_template.finish();
  spec.finish();
  document.find("status");
  for (std::int64_t i = 0; i < replicas; ++i) {
    inner.name = fmt::format("{}-pod-{}", metadata.name, i);
    manifest.pods.push_back({.metadata = inner, .spec = pod_spec, .where = findings.where});
  }
}

void decode_into(Fields& document, std::string_view key, std::map<std::string, std::string>& data) {
  for (const auto& [name, text] : document.map(key)) {
    if (const auto bytes = decode_base64(text)) {
      data[name] = *bytes;
    } else {
      document.error(key, fmt::format("{}: is no base64", name));
    }
  }
}

void check_keys(Fields& document, const std::map<std::string, std::string>& data) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  for (const auto& [name, value] : data) {
    if (name.empty() || name.size() > kLongestName || name == "." || name.starts_with("..") ||
        !std::ranges::all_of(name, plain))
      document.error("data", fmt::format("'{}' is no key: letters, digits, '-', '_' and '.' are in one", name));
  }
}

void read_config_map(Fields& document, const Metadata& metadata, Manifest& manifest) {
  ConfigMap map{.metadata = metadata, .data = document.map("data")};
  decode_into(document, "binaryData", map.data);
  check_keys(document, map.data);
  document.find("immutable");
  manifest.config_maps.push_back(std::move(map));
}

void read_secret(Fields& document, const Metadata& metadata, Manifest& manifest) {
  Secret secret{.metadata = metadata, .data = {}};
  decode_into(document, "data", secret.data);
  for (const auto& [name, text] : document.map("stringData")) secret.data[name] = text;
  check_keys(document, secret.data);
  document.find("immutable");
  document.text("type");
  manifest.secrets.push_back(std::move(secret));
}

// What podman's annotations say of the volume that a claim is.
std::map<std::string, std::string> volume_options(const Metadata& metadata) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kAnnotations = {
      {{"volume.podman.io/type", "type"},
       {"volume.podman.io/device", "device"},
       {"volume.podman.io/mount-options", "o"}}};
  std::map<std::string, std::string> options;
  for (const auto& [annotation, option] : kAnnotations) {
    const auto found = metadata.annotations.find(std::string(annotation));
    if (found != metadata.annotations.end()) options[std::string(option)] = found->second;
  }
  return options;
}

void read_claim(Fields& document, const Metadata& metadata, Manifest& manifest) {
  Fields spec = document.fields("spec");
  // Which node may mount it how often, and how much a cluster sets aside: one host has it, all of its disk.
  for (const char* key : {"accessModes", "resources", "storageClassName", "volumeMode", "volumeName"}) spec.find(key);
  spec.not_supported({"dataSource", "dataSourceRef", "selector"});
  spec.finish();
  document.find("status");
  manifest.claims.push_back({.metadata = metadata, .options = volume_options(metadata)});
}

struct KindRow {
  std::string_view kind;
  std::string_view version;
};
constexpr std::array kKinds = {KindRow{"Pod", "v1"}, KindRow{"Deployment", "apps/v1"}, KindRow{"ConfigMap", "v1"},
                               KindRow{"Secret", "v1"}, KindRow{"PersistentVolumeClaim", "v1"}};

// True if it is one of a kind that there is here.
bool read_document(const Node& node, Findings& findings, Manifest& manifest) {
  Fields document(&node, "", findings);
  if (!document.is_there()) return true;
  const auto version = document.required_text("apiVersion");
  const auto kind = document.required_text("kind");
  if (!version || !kind) return true;
  const auto row = std::ranges::find(kKinds, *kind, &KindRow::kind);
  const Node* named = node.find("metadata") == nullptr ? nullptr : node.find("metadata")->find("name");
  findings.where += fmt::format(" ({}{}{})", kind->substr(0, 40), named != nullptr ? " " : "",
                                named != nullptr ? named->text.substr(0, 80) : "");
  if (row == kKinds.end()) {
    document.warning("kind", fmt::format("there is no {} here: it is passed over", kind->substr(0, 40)));
    return false;
  }
  if (*version != row->version)
    document.error("apiVersion",
                   fmt::format("'{}' is not {}, which {} has here", version->substr(0, 40), row->version, row->kind));
  const Metadata metadata = read_metadata(document.fields("metadata"), true);
  if (node.find("metadata") == nullptr) document.error("metadata", "is missing");
  if (*kind == "Pod") read_pod(document, metadata, findings, manifest);
  if (*kind == "Deployment") read_deployment(document, metadata, findings, manifest);
  if (*kind == "ConfigMap") read_config_map(document, metadata, manifest);
  if (*kind == "Secret") read_secret(document, metadata, manifest);
  if (*kind == "PersistentVolumeClaim") read_claim(document, metadata, manifest);
  document.finish();
  return true;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  const auto value_of = [](char c) -> int {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
  };
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t count = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = value_of(c);
    if (value < 0 || padding != 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    ++count;
    if (count % 4 == 2) bytes += static_cast<char>(bits >> 4U & 0xFFU);
    if (count % 4 == 3) bytes += static_cast<char>(bits >> 2U & 0xFFU);
    if (count % 4 == 0) bytes += static_cast<char>(bits & 0xFFU);
  }
  if (count % 4 == 1 || (count + padding) % 4 != 0 || padding > 2) return std::nullopt;
  return bytes;
}

Reading read_manifest(std::string_view text, const std::string& file) {
  Reading reading;
  const Result<std::vector<Node>> documents = read_yaml(text);
  if (!documents) {
    reading.errors.push_back(one_line(fmt::format("{}: {}", file, documents.error().text())));
    return reading;
  }
  bool any = false;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    Findings findings{.where = fmt::format("{}: document {}", file, i + 1)};
    any = read_document((*documents)[i], findings, reading.manifest) || any;
    reading.errors.insert(reading.errors.end(), findings.errors.begin(), findings.errors.end());
    reading.warnings.insert(reading.warnings.end(), findings.warnings.begin(), findings.warnings.end());
  }
  if (!any) {
    std::vector<std::string_view> kinds;
    for (const KindRow& row : kKinds) kinds.push_back(row.kind);
    reading.errors.push_back(fmt::format("{}: no document of a kind that there is here: {}", file,
                                         join({kinds.begin(), kinds.end()}, ", ")));
  }
  return reading;
}

}  // namespace caisson::kube
