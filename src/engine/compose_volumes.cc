// Volumes: those that options name, those that the image asks for, those of other containers; and images as mounts.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/compose_mount_parts.h"

namespace caisson::engine {

namespace {

constexpr std::size_t kLongestOptions = 4000;  // mount(2) takes a page of them

// The volume that the choice names, or one of the container's own.
VolumeRecord wanted_volume(const Composing& c, const MountChoice& choice) {
  VolumeRecord volume{.name = choice.source, .labels = choice.volume_labels, .options = choice.volume_options};
  if (!volume.name.empty()) return volume;
  const auto own =
      std::count_if(c.out.volumes.begin(), c.out.volumes.end(), [](const VolumeRecord& v) { return v.anonymous; });
  volume.name = anonymous_volume_name(c.around.id, static_cast<std::size_t>(own));
  volume.anonymous = true;
  return volume;
}

VolumeFacts facts_of(const Composing& c, const VolumeRecord& volume) {
  const auto found = c.around.named_volumes.find(volume.name);
  if (found != c.around.named_volumes.end()) return found->second;
  return {.data = fmt::format("{}/{}/_data", c.around.volumes, volume.name), .options = volume.options};
}

std::string option_of(const VolumeFacts& facts, const char* key) {
  const auto found = facts.options.find(key);
  return found == facts.options.end() ? std::string() : found->second;
}

// No volume needs what these take off, and none of what is in it is the host's.
void make_harmless(std::vector<std::string>& options) {
  if (!has(options, "suid")) options.emplace_back("nosuid");
  if (!has(options, "dev")) options.emplace_back("nodev");
}

// What `o` says, and over that what this container's option says.
std::vector<std::string> words_of(const VolumeFacts& facts, const MountChoice& choice) {
  std::vector<std::string> words;
  const std::string own = option_of(facts, "o");
  for (const std::string_view word : split(own, ',')) {
    if (!word.empty()) words.emplace_back(word);
  }
  words.insert(words.end(), choice.options.begin(), choice.options.end());
  return words;
}

// A volume of another driver's kind: a directory of the host, or a file system that is mounted in the container alone.
spec::Mount mounted_volume(const Composing& c, const VolumeFacts& facts, const MountChoice& choice) {
  const std::string type = option_of(facts, "type");
  std::vector<std::string> words = words_of(facts, choice);
  const bool bind = type == "bind" || type == "none" || has(words, "bind") || has(words, "rbind");
  make_harmless(words);
  make_private_by_default(words);
  if (!bind) return mount_of(choice.destination, type, option_of(facts, "device"), std::move(words));
  if (!has(words, "bind") && !has(words, "rbind")) words.insert(words.begin(), "bind");
  return mount_of(choice.destination, "bind", option_of(facts, "device"), with_owners(c, std::move(words), "idmap"));
}

spec::Mount own_volume(const Composing& c, const VolumeFacts& facts, const MountChoice& choice) {
  std::vector<std::string> words = {"bind"};
  if (choice.copy && choice.subpath.empty()) words.emplace_back("copyup");
  if (!choice.subpath.empty()) words.push_back("subpath=" + choice.subpath);
  words.insert(words.end(), choice.options.begin(), choice.options.end());
  make_harmless(words);
  make_private_by_default(words);
  const bool mapped = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with("idmap") || word.starts_with("ridmap");
  });
  if (!mapped) words = with_owners(c, std::move(words), "idmap");
  return mount_of(choice.destination, "bind", facts.data, std::move(words));
}

bool is_taken(const Entries& entries, const std::string& destination) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.mount.destination == destination; });
}

// As if it had been asked for again.
MountChoice choice_of(const MountRecord& record, const InheritedMounts& from) {
  MountChoice choice{.destination = record.destination, .options = record.options, .typed = from.typed};
  const auto take = [&](std::string_view word) { return std::erase(choice.options, word) > 0; };
  if (take("nocopy")) choice.copy = false;
  const bool overlay = take("O");
  if (from.read_only && !overlay) {
    for (const std::string_view word : {"rw", "rrw", "ro", "rro"}) take(word);
    choice.options.emplace_back("ro");
  }
  for (const std::string& word : record.options) {
    if (word.starts_with("subpath=")) choice.subpath = word.substr(word.find('=') + 1);
  }
  std::erase_if(choice.options, [](const std::string& word) { return word.starts_with("subpath="); });
  if (record.type == "volume") {
    choice.kind = MountKind::kVolume;
    choice.source = record.name;
    choice.overlay = overlay;
  } else {
    choice.kind = overlay ? MountKind::kOverlay : MountKind::kBind;
    choice.source = record.source;
  }
  return choice;
}

}  // namespace

Result<spec::Mount> volume_mount(const Composing& c, const MountChoice& choice, std::size_t number) {
  const VolumeRecord volume = wanted_volume(c, choice);
  const VolumeFacts facts = facts_of(c, volume);
  const bool plain = facts.options.empty();
  if (!choice.subpath.empty() && !plain)
    return fail(in(choice.typed, complaint("a part of a volume that is mounted by its own options cannot be shown")));
  if (choice.overlay && !plain)
    return fail(in(choice.typed, complaint("an overlay over a volume that is mounted by its own options is not there "
                                           "yet")));
  if (choice.overlay && !choice.subpath.empty())
    return fail(in(choice.typed, complaint("an overlay over a part of a volume is not there yet")));
  if (choice.change_owner && !plain)
    return fail(in(choice.typed, complaint("'U' is for volumes that are directories of caisson's own")));
  if (choice.change_owner) c.out.owners.push_back({facts.data, c.around.account.uid, c.around.account.gid});
  spec::Mount mount = choice.overlay ? overlay_mount(c, choice, {facts.data}, number)
                      : plain        ? own_volume(c, facts, choice)
                                     : mounted_volume(c, facts, choice);
  MountRecord record = recorded(choice, mount, "volume");
  record.name = volume.name;
  record.source = facts.data;
  record.anonymous = volume.anonymous;
  if (choice.overlay) record.options.emplace_back("O");
  if (!choice.copy) record.options.emplace_back("nocopy");
  if (!choice.subpath.empty()) record.options.push_back("subpath=" + choice.subpath);
  c.out.mounts.push_back(std::move(record));
  c.out.volumes.push_back(volume);
  return mount;
}

Result<spec::Mount> image_mount(const Composing& c, const MountChoice& choice, std::size_t number) {
  const auto found = c.around.image_layers.find(choice.source);
  if (found == c.around.image_layers.end() || found->second.empty())
    return fail(in(choice.typed, complaint(fmt::format("image {} has no layers", choice.source))));
  const std::vector<std::string>& layers = found->second;
  const bool one = layers.size() == 1 && !choice.overlay;
  if (!choice.subpath.empty() && !one)
    return fail(in(choice.typed, complaint("a part of an image that has several layers, or that is written to, cannot "
                                           "be shown yet")));
  const UserNamespace& ids = c.user_namespace();
  if (!one && (ids.shifted || ids.automatic))
    return fail(in(choice.typed, complaint("images of several layers cannot be mounted yet in a user namespace with "
                                           "ids of its own")));
  spec::Mount mount;
  if (choice.overlay) {
    mount = overlay_mount(c, choice, layers, number);
  } else {
    std::vector<std::string> words = one ? std::vector<std::string>{"bind"} : overlay_options(layers, {}, {}, false);
    if (!choice.subpath.empty()) words.push_back("subpath=" + choice.subpath);
    words.insert(words.end(), choice.options.begin(), choice.options.end());
    words.emplace_back("ro");
    make_harmless(words);
    make_private_by_default(words);
    if (!one && ids.own) words.emplace_back("userxattr");
    mount = one ? mount_of(choice.destination, "bind", layers[0], with_owners(c, std::move(words), "idmap"))
                : mount_of(choice.destination, "overlay", "overlay", std::move(words));
  }
  if (join(mount.options, ",").size() > kLongestOptions)
    return fail(in(choice.typed, complaint(fmt::format("image {} has {} layers, whose paths together are longer than "
                                                       "the kernel takes here",
                                                       choice.source, layers.size()))));
  MountRecord record = recorded(choice, mount, "image");
  record.name = choice.source;
  record.source.clear();
  record.writable = choice.overlay;
  record.layers = layers;
  c.out.mounts.push_back(std::move(record));
  return mount;
}

Result<Entries> inherited_mounts(const Composing& c, const Entries& chosen) {
  Entries entries;
  for (const InheritedMounts& from : c.around.inherited) {
    for (const MountRecord& record : from.mounts) {
      if (record.type != "volume" && record.type != "bind") continue;
      if (is_taken(chosen, record.destination) || is_taken(entries, record.destination)) continue;
      const MountChoice choice = choice_of(record, from);
      const std::size_t number = chosen.size() + entries.size();
      if (choice.kind == MountKind::kVolume) {
        entries.push_back({TRY(volume_mount(c, choice, number)), from.typed});
      } else {
        entries.push_back({TRY(host_mount(c, choice, number)), from.typed});
      }
    }
  }
  return entries;
}

Result<Entries> image_volume_mounts(const Composing& c, const Entries& chosen) {
  Entries entries;
  if (c.options.image_volumes == ImageVolumes::kIgnored) return entries;
  for (const std::string& path : image_volumes(c)) {
    if (is_taken(chosen, path)) continue;
    if (c.options.image_volumes == ImageVolumes::kMemory) {
      const MountChoice memory{.kind = MountKind::kTmpfs, .destination = path};
      spec::Mount mount = mount_of(path, "tmpfs", "tmpfs", {"rw", "nosuid", "nodev", "tmpcopyup", "rprivate"});
      c.out.mounts.push_back(recorded(memory, mount, "tmpfs"));
      entries.push_back({std::move(mount), c.typed("image-volume")});
      continue;
    }
    const MountChoice choice{.kind = MountKind::kVolume, .destination = path};
    entries.push_back({TRY(volume_mount(c, choice, 0)), {}});
  }
  return entries;
}

}  // namespace caisson::engine
