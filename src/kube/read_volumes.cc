// The volumes of a pod's spec (Kubernetes' API, core/v1 Volume).
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "kube/quantity.h"
#include "kube/read_manifest.h"

namespace caisson::kube {

namespace {

// JSON knows no octal numbers: YAML's 0644 is one, and 420 is the same.
std::optional<std::int64_t> read_mode(Fields& fields, std::string_view key) {
  const Node* node = fields.find(key);
  if (node == nullptr) return std::nullopt;
  std::int64_t mode = -1;
  std::string_view digits = node->text;
  const bool is_octal = digits.size() > 1 && digits[0] == '0';
  if (node->kind == NodeKind::kNumber && is_octal) {
    if (digits.starts_with("0o")) digits.remove_prefix(2);
    mode = digits.size() > 6 ? -1 : 0;
    for (const char c : digits) mode = mode < 0 || c < '0' || c > '7' ? -1 : mode * 8 + (c - '0');
  } else if (node->kind == NodeKind::kNumber) {
    mode = parse_signed(digits).value_or(-1);
  }
  if (mode >= 0 && mode <= 0777) return mode;
  fields.error(key, "has to be a file mode from 0 to 0777");
  return std::nullopt;
}

// Relative, and nowhere above: the file's place in the volume.
bool is_inner_path(std::string_view path) {
  if (path.empty() || path.size() > 4000 || path[0] == '/') return false;
  return std::ranges::none_of(split(path, '/'), [](std::string_view part) {
    return part.empty() || part == ".." || part == "." || part.find('\0') != std::string_view::npos;
  });
}

void read_items(Fields& source, Volume& volume) {
  volume.mode = read_mode(source, "defaultMode").value_or(0644);
  volume.optional = source.boolean("optional").value_or(false);
  source.each("items", [&](Fields& item) {
    KeyToPath read{.key = item.required_text("key").value_or(""),
                   .file = item.required_text("path").value_or(""),
                   .mode = read_mode(item, "mode")};
    if (!read.file.empty() && !is_inner_path(read.file)) item.error("path", "has to be relative, without '..'");
    volume.items.push_back(std::move(read));
  });
}

void read_host_path(Fields& source, Volume& volume) {
  volume.kind = Volume::Kind::kHostPath;
  volume.source = source.required_text("path").value_or("");
  if (!volume.source.empty() && volume.source[0] != '/') source.error("path", "has to be absolute");
  volume.host_type = source.word(
      "type", {"", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"});
}

void read_empty(Fields& source, Volume& volume) {
  volume.kind = Volume::Kind::kEmpty;
  volume.in_memory = source.word("medium", {"", "Memory"}) == "Memory";
  const Node* limit = source.find("sizeLimit");
  if (limit == nullptr) return;
  const auto size = parse_quantity(limit->text);
  if (!size) {
    source.error("sizeLimit", "is no quantity: 64Mi is");
  } else if (volume.in_memory) {
    volume.size_bytes = *size / 1000;
  } else {
    source.warning("sizeLimit", "has no effect here without medium: Memory");
  }
}

Volume read_volume(Fields& each) {
  Volume volume{.name = each.required_text("name").value_or(""), .path = each.path(), .line = each.line()};
  std::size_t kinds = 0;
  if (const Node* node = each.find("emptyDir"); node != nullptr) {
    Fields source = each.fields("emptyDir");
    read_empty(source, volume);
    source.finish();
    ++kinds;
  }
  if (Fields source = each.fields("hostPath"); source.is_there()) {
    read_host_path(source, volume);
    source.finish();
    ++kinds;
  }
  if (Fields source = each.fields("configMap"); source.is_there()) {
    volume.kind = Volume::Kind::kConfigMap;
    volume.source = source.required_text("name").value_or("");
    read_items(source, volume);
    source.finish();
    ++kinds;
  }
  if (Fields source = each.fields("secret"); source.is_there()) {
    volume.kind = Volume::Kind::kSecret;
    volume.source = source.required_text("secretName").value_or("");
    read_items(source, volume);
    source.finish();
    ++kinds;
  }
  if (Fields source = each.fields("persistentVolumeClaim"); source.is_there()) {
    volume.kind = Volume::Kind::kClaim;
    volume.source = source.required_text("claimName").value_or("");
    volume.read_only = source.boolean("readOnly").value_or(false);
    source.finish();
    ++kinds;
  }
  each.not_supported({"awsElasticBlockStore",
                      "azureDisk",
                      "azureFile",
                      "cephfs",
                      "cinder",
                      "csi",
                      "downwardAPI",
                      "ephemeral",
                      "fc",
                      "flexVolume",
                      "flocker",
                      "gcePersistentDisk",
                      "gitRepo",
                      "glusterfs",
                      "image",
                      "iscsi",
                      "nfs",
                      "photonPersistentDisk",
                      "portworxVolume",
                      "projected",
                      "quobyte",
                      "rbd",
                      "scaleIO",
                      "storageos",
                      "vsphereVolume"});
  if (kinds > 1) each.error("name", "a volume is of one kind");
  return volume;
}

}  // namespace

std::vector<Volume> read_volumes(Fields& spec) {
  std::vector<Volume> volumes;
  spec.each("volumes", [&](Fields& each) {
    Volume volume = read_volume(each);
    const bool is_twice = std::ranges::any_of(volumes, [&](const Volume& other) { return other.name == volume.name; });
    if (is_twice) each.error("name", fmt::format("'{}' is there twice", volume.name.substr(0, 80)));
    volumes.push_back(std::move(volume));
  });
  return volumes;
}

}  // namespace caisson::kube
