#include "engine/mount_grammar.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/mount_words.h"
#include "engine/value_grammar.h"
#include "engine/volume_record.h"

namespace caisson::engine {

namespace {

// They steer file sharing with virtual machines: a bind mount already does what they ask for.
constexpr std::array<std::string_view, 3> kWithoutEffect = {"consistent", "cached", "delegated"};

template <class List>
bool contains(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Result<std::string> read_destination(std::string_view text) {
  if (text.empty()) return fail(complaint("the destination is missing"));
  if (text[0] != '/') {
    return fail(complaint(fmt::format("the destination '{}' is not absolute", text),
                          fmt::format("inside the container, say where from its root: /{}", text)));
  }
  std::string clean = clean_path(text);
  if (clean == "/") return fail(complaint("the destination cannot be '/', the container's own root"));
  return clean;
}

bool is_path(std::string_view source) { return source.starts_with('.') || source.find('/') != std::string_view::npos; }

Result<> check_volume_name(std::string_view name) {
  if (is_volume_name(name)) return {};
  return fail(
      complaint(fmt::format("'{}' is neither a path nor the name of a volume: [a-zA-Z0-9][a-zA-Z0-9_.-]*", name),
                fmt::format("for a directory here, write ./{}", name)));
}

// Relative and clean, below what it is a part of.
Result<std::string> read_subpath(std::string_view key, std::string_view text) {
  std::string clean = clean_path(text);
  if (clean.starts_with('/') || clean == ".." || clean.starts_with("../"))
    return fail(complaint(fmt::format("{}: '{}' is not a path below it", key, text)));
  return clean == "." ? std::string() : clean;
}

Result<> add_volume_option(std::string_view word, MountChoice& mount, MountWords& words) {
  if (word == "idmap" || word.starts_with("idmap=")) return words.add(word, MountTopic::kNone);
  if (TRY(words.add_attribute(word)) || TRY(words.add_propagation(word))) return {};
  if (word == "z" || word == "Z") {
    mount.relabel = true;
  } else if (word == "U") {
    mount.change_owner = true;
  } else if (word == "O" && mount.kind == MountKind::kVolume) {
    mount.overlay = true;
  } else if (word == "O") {
    mount.kind = MountKind::kOverlay;
  } else if (word == "copy" || word == "nocopy") {
    mount.copy = word == "copy";
  } else if (word == "bind" || word == "rbind") {
    mount.recursive = word == "rbind";
  } else if (word.starts_with("upperdir=") || word.starts_with("workdir=")) {
    return fail(
        complaint(fmt::format("'{}': an overlay's upper directory is the container's own; choosing it is not there yet",
                              cut(word, '=').head)));
  } else if (!contains(kWithoutEffect, word)) {
    return fail(unknown_mount_option(word));
  }
  return {};
}

/// The fields of a line of comma-separated values, where a field in double quotes may hold commas and `""` for a quote.
Result<std::vector<std::string>> split_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"') {
      if (i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += line[++i];
      } else if (i + 1 < line.size() && line[i + 1] != ',') {
        return fail(complaint("a quoted field goes on after its closing quote"));
      } else {
        quoted = false;
      }
    } else if (!quoted && c == ',') {
      fields.emplace_back();
    } else if (!quoted && c == '"') {
      if (!fields.back().empty())
        return fail(complaint("a quote in the middle of a field; quote the whole field: \"source=/a,b\""));
      quoted = true;
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return fail(complaint("a quoted field has no closing quote"));
  return fields;
}

/// A key of --mount that stands alone or has a boolean: "ro", "ro=true".
Result<bool> read_switch(std::string_view key, std::optional<std::string_view> value) {
  if (!value) return true;
  return TRY_IN(key, read_flag(*value));
}

struct MountFields {
  std::string type;
  std::string source;
  std::string destination;
  std::string recursion;  ///< bind-recursive
  bool read_only = false;
};

Result<std::string_view> required(std::string_view key, std::optional<std::string_view> value) {
  if (!value || value->empty()) return fail(complaint(fmt::format("'{}' needs a value", key)));
  return *value;
}

Result<bool> add_common_key(std::string_view key, std::optional<std::string_view> value, MountFields& fields,
                            MountChoice& mount) {
  if (key == "type") {
    fields.type = TRY(required(key, value));
  } else if (key == "source" || key == "src") {
    fields.source = TRY(required(key, value));
  } else if (key == "destination" || key == "dst" || key == "target") {
    fields.destination = TRY(required(key, value));
  } else if (key == "readonly" || key == "ro") {
    fields.read_only = TRY(read_switch(key, value));
  } else if (key == "rw") {
    fields.read_only = !TRY(read_switch(key, value));
  } else if (key == "U" || key == "chown") {
    mount.change_owner = TRY(read_switch(key, value));
  } else {
    return false;
  }
  return true;
}

Result<bool> add_bind_key(std::string_view key, std::optional<std::string_view> value, MountFields& fields,
                          MountChoice& mount, MountWords& words) {
  if (key == "bind-propagation") {
    const std::string_view word = TRY(required(key, value));
    if (!TRY(words.add_propagation(word))) {
      return fail(complaint(
          fmt::format("'{}' is not a propagation: it is one of {}", word, fmt::join(kPropagationWords, ", "))));
    }
  } else if (key == "bind-recursive") {
    fields.recursion = TRY(required(key, value));
    if (!contains(std::array{"enabled", "disabled", "writable", "readonly"}, fields.recursion)) {
      return fail(complaint(
          fmt::format("bind-recursive is one of enabled, disabled, writable, readonly; not '{}'", fields.recursion)));
    }
    mount.recursive = fields.recursion != "disabled";
  } else if (key == "bind-nonrecursive") {
    mount.recursive = !TRY(read_switch(key, value));
  } else if (key == "relabel") {
    const std::string_view how = TRY(required(key, value));
    if (how != "shared" && how != "private")
      return fail(complaint(fmt::format("relabel is shared or private, not '{}'", how)));
    mount.relabel = true;
  } else if (key != "consistency") {
    return false;
  }
  return true;
}

Result<bool> add_tmpfs_key(std::string_view key, std::optional<std::string_view> value, MountWords& words) {
  if (key == "tmpfs-size" || key == "size") {
    const std::string_view size = TRY(required(key, value));
    const std::int64_t bytes = TRY_IN(key, read_size(size));
    TRY(words.add(fmt::format("size={}", bytes), MountTopic::kNone));
  } else if (key == "tmpfs-mode" || key == "mode") {
    const std::string_view digits = TRY(required(key, value));
    const std::optional<std::uint32_t> mode = parse_octal(digits);
    if (!mode || *mode > 07777) return fail(complaint(fmt::format("{}: not an octal mode: '{}'", key, digits)));
    TRY(words.add(fmt::format("mode={:04o}", *mode), MountTopic::kNone));
  } else if (key == "tmpcopyup" || key == "notmpcopyup") {
    if (key == "tmpcopyup") TRY(words.add(key, MountTopic::kNone));
  } else {
    return false;
  }
  return true;
}

Result<> add_pair(std::string_view key, std::string_view text, std::map<std::string, std::string>& pairs) {
  const Cut pair = cut(text, '=');
  if (pair.head.empty()) return fail(complaint(fmt::format("{}: '{}' is not NAME=VALUE", key, text)));
  pairs[std::string(pair.head)] = std::string(pair.tail.value_or(""));
  return {};
}

Result<bool> add_volume_key(std::string_view key, std::optional<std::string_view> value, MountChoice& mount) {
  if (key == "volume-nocopy" || key == "nocopy") {
    mount.copy = !TRY(read_switch(key, value));
  } else if (key == "volume-subpath" || key == "subpath") {
    mount.subpath = TRY(read_subpath(key, TRY(required(key, value))));
  } else if (key == "volume-opt") {
    TRY(add_pair(key, TRY(required(key, value)), mount.volume_options));
  } else if (key == "volume-label") {
    TRY(add_pair(key, TRY(required(key, value)), mount.volume_labels));
  } else if (key == "volume-driver") {
    const std::string_view driver = TRY(required(key, value));
    if (driver != "local") return fail(complaint(fmt::format("there is no volume driver '{}': local is", driver)));
  } else {
    return false;
  }
  return true;
}

Result<bool> add_image_key(std::string_view key, std::optional<std::string_view> value, MountFields& fields,
                           MountChoice& mount) {
  if (key == "rw" || key == "readwrite") {
    mount.overlay = TRY(read_switch(key, value));
  } else if (key == "readonly" || key == "ro") {
    fields.read_only = TRY(read_switch(key, value));
    mount.overlay = !fields.read_only;
  } else if (key == "image-subpath" || key == "subpath") {
    mount.subpath = TRY(read_subpath(key, TRY(required(key, value))));
  } else {
    return false;
  }
  return true;
}

struct MountType {
  MountKind kind;
  std::string_view word;
};
constexpr std::array kMountTypes = {MountType{MountKind::kVolume, "volume"}, MountType{MountKind::kBind, "bind"},
                                    MountType{MountKind::kTmpfs, "tmpfs"}, MountType{MountKind::kImage, "image"}};

Result<MountType> read_mount_type(std::string_view type) {
  if (type.empty()) return kMountTypes[0];
  for (const MountType& known : kMountTypes) {
    if (known.word == type) return known;
  }
  if (contains(std::array{"npipe", "cluster", "artifact", "devpts", "glob", "ramfs"}, type))
    return fail(complaint(fmt::format("type={} is not there yet; volume, bind, tmpfs and image are", type)));
  return fail(complaint(fmt::format("no such type of mount: '{}'; there are volume, bind, tmpfs and image", type)));
}

Result<bool> add_key_of(const MountType& type, std::string_view key, std::optional<std::string_view> value,
                        MountFields& fields, MountChoice& mount, MountWords& words) {
  switch (type.kind) {
    case MountKind::kVolume: return add_volume_key(key, value, mount);
    case MountKind::kImage: return add_image_key(key, value, fields, mount);
    case MountKind::kTmpfs: return add_tmpfs_key(key, value, words);
    case MountKind::kBind:
    case MountKind::kOverlay: return add_bind_key(key, value, fields, mount, words);
  }
  return false;
}

Result<> add_mount_key(const MountType& type, std::string_view key, std::optional<std::string_view> value,
                       MountFields& fields, MountChoice& mount, MountWords& words) {
  if (TRY(add_key_of(type, key, value, fields, mount, words))) return {};
  if (TRY(add_common_key(key, value, fields, mount))) return {};
  if (key == "idmap" && type.kind != MountKind::kTmpfs)
    return words.add(value ? fmt::format("idmap={}", *value) : std::string("idmap"), MountTopic::kNone);
  if (!value && TRY(words.add_attribute(key))) return {};
  return fail(complaint(fmt::format("'{}' is not a key of type={}", key, type.word)));
}

// "readonly" is the mount itself, as podman has it; docker's bind-recursive=readonly takes what is mounted below along.
Result<> apply_read_only(const MountFields& fields, MountWords& words) {
  if (fields.recursion == "readonly" && !fields.read_only) {
    return fail(complaint("bind-recursive=readonly needs readonly"));
  }
  if (fields.read_only) TRY(words.add(fields.recursion == "readonly" ? "rro" : "ro", MountTopic::kAccess));
  return {};
}

Result<> check_mount_source(const MountType& type, const MountChoice& mount) {
  switch (type.kind) {
    case MountKind::kTmpfs:
      if (!mount.source.empty()) return fail(complaint("a tmpfs has no source"));
      return {};
    case MountKind::kVolume:
      if (!mount.source.empty()) TRY(check_volume_name(mount.source));
      return check_volume_options(mount.volume_options);
    case MountKind::kImage:
      if (mount.change_owner) return fail(complaint("the files of an image keep their owners: no 'U' for type=image"));
      break;
    case MountKind::kBind:
    case MountKind::kOverlay: break;
  }
  if (mount.source.empty()) return fail(complaint("the source is missing"));
  return {};
}

bool is_access(std::string_view text) {
  return !text.empty() && text.size() <= 3 && text.find_first_not_of("rwm") == std::string_view::npos;
}

// What the kernel's tmpfs understands (tmpfs(5)).
bool is_tmpfs_data(std::string_view word) {
  const std::string_view key = cut(word, '=').head;
  if (key.size() == word.size()) return contains(std::array{"noswap", "inode32", "inode64"}, word);
  return contains(std::array{"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol", "huge"}, key);
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (part != ".." || !absolute) {
      kept.push_back(part);
    }
  }
  std::string clean = fmt::format("{}{}", absolute ? "/" : "", fmt::join(kept, "/"));
  return clean.empty() ? "." : clean;
}

Result<MountChoice> read_volume(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() > 3) return fail(complaint(fmt::format("'{}' has more than SOURCE:DESTINATION:OPTIONS", text)));
  MountChoice mount;
  mount.kind = MountKind::kVolume;
  if (parts.size() == 1) {
    mount.destination = TRY(read_destination(parts[0]));
    return mount;
  }
  mount.source = parts[0];
  if (mount.source.empty()) return fail(complaint("the source is missing"));
  if (is_path(mount.source)) {
    mount.kind = MountKind::kBind;
  } else {
    TRY(check_volume_name(mount.source));
  }
  mount.destination = TRY(read_destination(parts[1]));
  MountWords words;
  if (parts.size() == 3) {
    for (const std::string_view word : split(parts[2], ',')) TRY(add_volume_option(word, mount, words));
  }
  if ((mount.kind == MountKind::kOverlay || mount.overlay) && (words.has("ro") || words.has("rro"))) {
    return fail(complaint("'O' and 'ro' exclude each other: an overlay is there to be written to"));
  }
  mount.options = words.take();
  return mount;
}

Result<MountChoice> read_mount(std::string_view text) {
  const std::vector<std::string> fields = TRY(split_fields(text));
  MountFields found;
  for (const std::string& field : fields) {  // the type first: it decides which keys there are
    if (field.starts_with("type=")) found.type = field.substr(5);
  }
  const MountType type = TRY(read_mount_type(found.type));
  MountChoice mount;
  mount.kind = type.kind;
  MountWords words;
  for (const std::string& field : fields) {
    const Cut pair = cut(field, '=');
    TRY(add_mount_key(type, pair.head, pair.tail, found, mount, words));
  }
  TRY(apply_read_only(found, words));
  mount.destination = TRY(read_destination(found.destination));
  mount.source = found.source;
  TRY(check_mount_source(type, mount));
  mount.options = words.take();
  return mount;
}

Result<MountChoice> read_tmpfs(std::string_view text) {
  const Cut parts = cut(text, ':');
  MountChoice mount;
  mount.kind = MountKind::kTmpfs;
  mount.destination = TRY(read_destination(parts.head));
  if (!parts.tail) return mount;
  MountWords words;
  for (const std::string_view word : split(*parts.tail, ',')) {
    if (TRY(words.add_attribute(word)) || TRY(words.add_propagation(word))) continue;
    if (word == "notmpcopyup") continue;
    if (word == "tmpcopyup") {
      TRY(words.add(word, MountTopic::kNone));
    } else if (word == "U") {
      mount.change_owner = true;
    } else if (is_tmpfs_data(word)) {
      TRY(words.add(word, MountTopic::kNone));
    } else {
      return fail(unknown_mount_option(word));
    }
  }
  mount.options = words.take();
  return mount;
}

Result<VolumesFrom> read_volumes_from(std::string_view text) {
  const Cut parts = cut(text, ':');
  VolumesFrom from{.container = std::string(parts.head)};
  if (from.container.empty()) return fail(complaint("the name of a container is missing"));
  for (const std::string_view word : parts.tail ? split(*parts.tail, ',') : std::vector<std::string_view>()) {
    if (word != "ro" && word != "rw" && word != "z")
      return fail(complaint(fmt::format("'{}' is none of ro, rw, z", word)));
    if (word != "z") from.read_only = word == "ro";
  }
  return from;
}

Result<DeviceChoice> read_device(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() > 3) return fail(complaint(fmt::format("'{}' has more than SOURCE:DESTINATION:ACCESS", text)));
  if (parts[0].empty() || parts[0][0] != '/') {
    const bool cdi = text.find('=') != std::string_view::npos;
    return fail(complaint(cdi ? fmt::format("'{}' is a CDI device; those are not there yet", text)
                              : fmt::format("'{}' is not the absolute path of a device", parts[0])));
  }
  DeviceChoice device;
  device.source = clean_path(parts[0]);
  device.destination = device.source;
  std::string_view destination = parts.size() > 1 ? parts[1] : std::string_view();
  if (parts.size() == 3) {
    if (!is_access(parts[2])) return fail(complaint(fmt::format("'{}' is not made of r, w and m", parts[2])));
    device.access = parts[2];
  } else if (parts.size() == 2 && is_access(destination)) {
    device.access = destination;
    destination = {};
  }
  if (parts.size() > 1 && parts[1].empty()) return fail(complaint("the destination is missing"));
  if (!destination.empty()) device.destination = TRY(read_destination(destination));
  return device;
}

}  // namespace caisson::engine
