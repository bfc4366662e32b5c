#include "engine/mount_grammar.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/mount_words.h"
#include "engine/value_grammar.h"

namespace caisson::engine {

namespace {

// They steer volumes, or file sharing with virtual machines: a bind mount already does what they ask for.
constexpr std::array<std::string_view, 4> kWithoutEffect = {"nocopy", "consistent", "cached", "delegated"};

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

Result<> check_source(std::string_view source) {
  if (source.empty()) return fail(complaint("the source is missing"));
  if (source[0] == '.' || source.find('/') != std::string_view::npos) return {};
  return fail(complaint(fmt::format("'{}' names a volume, and named volumes are not there yet", source),
                        fmt::format("for a directory here, write ./{}", source)));
}

Result<> add_volume_option(std::string_view word, MountChoice& mount, MountWords& words) {
  if (TRY(words.add_attribute(word)) || TRY(words.add_propagation(word))) return {};
  if (word == "z" || word == "Z") {
    mount.relabel = true;
  } else if (word == "U") {
    mount.change_owner = true;
  } else if (word == "O") {
    mount.kind = MountKind::kOverlay;
  } else if (word == "bind" || word == "rbind") {
    mount.recursive = word == "rbind";
  } else if (word == "idmap" || word.starts_with("idmap=")) {
    return fail(complaint("id-mapped mounts come with user namespaces, which are not there yet"));
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

Result<MountKind> read_mount_type(std::string_view type) {
  if (type == "bind") return MountKind::kBind;
  if (type == "tmpfs") return MountKind::kTmpfs;
  if (type.empty() || type == "volume") {
    return fail(complaint(type.empty() ? "without a type it is a volume, and named volumes are not there yet"
                                       : "type=volume: named volumes are not there yet",
                          "type=bind mounts a directory of the host, type=tmpfs an empty one in memory"));
  }
  if (contains(std::array{"image", "npipe", "cluster", "artifact", "devpts", "glob", "ramfs"}, type)) {
    return fail(complaint(fmt::format("type={} is not there yet; bind and tmpfs are", type)));
  }
  return fail(complaint(fmt::format("no such type of mount: '{}'; there are bind and tmpfs", type)));
}

Result<> add_mount_key(std::string_view key, std::optional<std::string_view> value, MountFields& fields,
                       MountChoice& mount, MountWords& words) {
  if (TRY(add_common_key(key, value, fields, mount))) return {};
  const bool bind = mount.kind == MountKind::kBind;
  if (bind ? TRY(add_bind_key(key, value, fields, mount, words)) : TRY(add_tmpfs_key(key, value, words))) return {};
  if (!value && TRY(words.add_attribute(key))) return {};
  if (key.starts_with("volume-") || key.starts_with("image-")) {
    return fail(complaint(fmt::format("'{}' belongs to a type of mount that is not there yet", key)));
  }
  return fail(complaint(fmt::format("'{}' is not a key of type={}", key, bind ? "bind" : "tmpfs")));
}

// "readonly" is the mount itself, as podman has it; docker's bind-recursive=readonly takes what is mounted below along.
Result<> apply_read_only(const MountFields& fields, MountWords& words) {
  if (fields.recursion == "readonly" && !fields.read_only) {
    return fail(complaint("bind-recursive=readonly needs readonly"));
  }
  if (fields.read_only) TRY(words.add(fields.recursion == "readonly" ? "rro" : "ro", MountTopic::kAccess));
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
  if (parts.size() == 1) {
    return fail(complaint(fmt::format("'{}' asks for a nameless volume, and volumes are not there yet", text),
                          "a directory of the host: SOURCE:DESTINATION; an empty one in memory: --tmpfs DESTINATION"));
  }
  MountChoice mount;
  mount.source = parts[0];
  TRY(check_source(mount.source));
  mount.destination = TRY(read_destination(parts[1]));
  MountWords words;
  if (parts.size() == 3) {
    for (const std::string_view word : split(parts[2], ',')) TRY(add_volume_option(word, mount, words));
  }
  if (mount.kind == MountKind::kOverlay && (words.has("ro") || words.has("rro"))) {
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
  MountChoice mount;
  mount.kind = TRY(read_mount_type(found.type));
  MountWords words;
  for (const std::string& field : fields) {
    const Cut pair = cut(field, '=');
    TRY(add_mount_key(pair.head, pair.tail, found, mount, words));
  }
  TRY(apply_read_only(found, words));
  mount.destination = TRY(read_destination(found.destination));
  mount.source = found.source;
  if (mount.kind == MountKind::kTmpfs) {
    if (!found.source.empty()) return fail(complaint("a tmpfs has no source"));
  } else {
    if (found.source.empty()) return fail(complaint("the source is missing"));
  }
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
