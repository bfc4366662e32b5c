#include "engine/volumes.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/directory_hold.h"
#include "engine/events.h"
#include "engine/own_ids.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kNew = ".new.";
constexpr std::string_view kGone = ".gone.";
constexpr std::string_view kRecord = "volume.json";
constexpr std::string_view kData = "_data";
constexpr int kTries = 100;

std::string scratch_name(const Places& places, std::string_view prefix) {
  return places.volume(std::string(prefix) + new_id().substr(0, 16));
}

// What is written in one can belong to any of an ordinary user's ids.
Result<> remove_directory(const std::string& path) { return remove_container_tree(path); }

// A directory of a new name, locked.
Result<std::pair<std::string, Fd>> make_scratch(const Places& places) {
  TRY(kernel::make_directories(places.volumes(), 0700));
  for (int tries = 0; tries < kTries; ++tries) {
    std::string path = scratch_name(places, kNew);
    if (::mkdir(path.c_str(), 0700) != 0) return fail(os_error("mkdir", path));
    std::optional<Fd> lock = TRY(hold_directory(path, Hold::kAloneOrNothing));
    if (lock) return std::pair(std::move(path), std::move(*lock));  // otherwise it was taken for one that was left
  }
  return fail(complaint("other commands keep taking a new volume for one that was left"));
}

Result<> fill_scratch(const std::string& path, const VolumeRecord& record) {
  const std::string data = fmt::format("{}/{}", path, kData);
  if (::mkdir(data.c_str(), 0755) != 0) return fail(os_error("mkdir", data));
  if (::chmod(data.c_str(), 0755) != 0) return fail(os_error("chmod", data));  // whatever the umask
  return kernel::write_new_file(fmt::format("{}/{}", path, kRecord), to_json(record), 0600);
}

Result<Volume> load(const Places& places, const std::string& name) {
  const std::string directory = places.volume(name);
  VolumeRecord record =
      TRY_IN("volume " + name, read_volume_record(TRY(kernel::read_file(fmt::format("{}/{}", directory, kRecord)))));
  record.name = name;
  return Volume{.record = std::move(record), .data = fmt::format("{}/{}", directory, kData)};
}

// Out of the way first: whoever looks for it finds none, or all of it. `lock` goes with it.
Result<> put_away(const Places& places, const std::string& name) {
  const std::string gone = scratch_name(places, kGone);
  if (::rename(places.volume(name).c_str(), gone.c_str()) != 0) return fail(os_error("rename", places.volume(name)));
  note_event(places, {.type = "volume", .action = "destroy", .id = name, .attributes = {{"driver", "local"}}});
  return remove_directory(gone);
}

std::vector<std::string> users_of(const VolumeUses& uses, const std::string& name) {
  const auto found = uses.find(name);
  return found == uses.end() ? std::vector<std::string>() : found->second;
}

// The containers that use volumes, but for one.
Result<VolumeUses> uses_by_others(const Places& places, const std::string& id) {
  VolumeUses uses;
  const Listing listing = TRY(list_containers(places));
  if (!listing.damaged.empty())
    return fail(complaint(fmt::format("a container's record cannot be read, so that nobody knows what it uses: {}",
                                      listing.damaged.front())));
  for (const Container& container : listing.containers) {
    if (container.record.id == id) continue;
    for (const MountRecord& mount : container.record.mounts) {
      if (mount.type == "volume") uses[mount.name].push_back(container.record.name);
    }
  }
  return uses;
}

}  // namespace

Result<std::optional<Volume>> find_volume(const Places& places, const std::string& name) {
  if (!is_volume_name(name) || !kernel::exists(places.volume(name))) return std::nullopt;
  Result<Volume> volume = load(places, name);
  if (volume) return std::optional(std::move(*volume));
  if (volume.error().number == ENOENT && !kernel::exists(places.volume(name))) return std::nullopt;
  return fail(std::move(volume).error());
}

Result<Volume> require_volume(const Places& places, const std::string& name) {
  std::optional<Volume> volume = TRY(find_volume(places, name));
  if (!volume) return fail(complaint(fmt::format("no such volume: {}", name)));
  return *std::move(volume);
}

Result<VolumeListing> list_volumes(const Places& places) {
  VolumeListing listing;
  std::vector<std::string> names = TRY(kernel::list_directory(places.volumes()));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!is_volume_name(name)) continue;  // one that is being made or removed
    Result<std::optional<Volume>> volume = find_volume(places, name);
    if (volume && *volume) listing.volumes.push_back(**std::move(volume));
    if (!volume) listing.damaged.push_back(volume.error().text());
  }
  return listing;
}

Result<bool> make_volume(const Places& places, const VolumeRecord& record) {
  if (kernel::exists(places.volume(record.name))) return false;
  auto [scratch, lock] = TRY(make_scratch(places));
  VolumeRecord made = record;
  if (made.created_ns == 0) made.created_ns = now_nanoseconds();
  const Result<> filled = fill_scratch(scratch, made);
  const std::string path = places.volume(record.name);
  if (filled && ::renameat2(AT_FDCWD, scratch.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
    note_event(places, {.type = "volume", .action = "create", .id = record.name, .attributes = {{"driver", "local"}}});
    return true;
  }
  const bool taken = filled && errno == EEXIST;
  const Error error = filled ? os_error("renameat2", path) : filled.error();
  TRY(remove_directory(scratch));
  if (taken) return false;
  return fail(error);
}

Result<std::vector<Fd>> hold_volumes(const Places& places, const std::vector<VolumeRecord>& volumes) {
  std::vector<Fd> held;
  for (const VolumeRecord& volume : volumes) {
    if (volume.anonymous) continue;
    for (int tries = 0;; ++tries) {
      TRY_IN("volume " + volume.name, make_volume(places, volume));
      std::optional<Fd> one =
          TRY_IN("volume " + volume.name, hold_directory(places.volume(volume.name), Hold::kShared));
      if (one) held.push_back(std::move(*one));
      if (one) break;
      if (tries == kTries) return fail(complaint(fmt::format("other commands keep removing volume {}", volume.name)));
    }
  }
  return held;
}

Result<> make_anonymous_volumes(const Places& places, const std::vector<VolumeRecord>& volumes) {
  for (const VolumeRecord& volume : volumes) {
    if (volume.anonymous) TRY_IN("volume " + volume.name, make_volume(places, volume));
  }
  return {};
}

Result<VolumeUses> volume_uses(const Places& places) { return uses_by_others(places, {}); }

Result<> remove_volume(const Places& places, const std::string& name) {
  std::optional<Fd> alone;  // of one that is damaged as well
  if (is_volume_name(name)) alone = TRY(hold_directory(places.volume(name), Hold::kAlone));
  if (!alone) return fail(complaint(fmt::format("no such volume: {}", name)));
  const std::vector<std::string> users = users_of(TRY(volume_uses(places)), name);
  if (!users.empty()) {
    return fail(complaint(
        fmt::format("volume {} is in use by container{} {}", name, users.size() == 1 ? "" : "s", join(users, ", ")),
        fmt::format("caisson rm {}", join(users, " "))));
  }
  return put_away(places, name);
}

Result<> remove_anonymous_volumes(const Places& places, const Record& record) {
  std::optional<VolumeUses> others;
  for (const MountRecord& mount : record.mounts) {
    if (mount.type != "volume") continue;
    const std::optional<Volume> volume = TRY(find_volume(places, mount.name));
    if (!volume || !volume->record.anonymous) continue;
    const std::optional<Fd> alone = TRY(hold_directory(places.volume(mount.name), Hold::kAlone));
    if (!alone) continue;
    if (!others) others = TRY(uses_by_others(places, record.id));
    if (users_of(*others, mount.name).empty()) TRY(put_away(places, mount.name));
  }
  return {};
}

Result<> clear_unfinished_volumes(const Places& places) {
  const Result<std::vector<std::string>> names = kernel::list_directory(places.volumes());
  if (!names && names.error().number == ENOTDIR) return {};  // ROOT is no directory: who wants to use it says so
  for (const std::string& name : TRY(names)) {
    if (!name.starts_with(kNew) && !name.starts_with(kGone)) continue;
    const std::optional<Fd> alone = TRY(hold_directory(places.volume(name), Hold::kAloneOrNothing));
    if (alone) TRY(remove_directory(places.volume(name)));
  }
  return {};
}

}  // namespace caisson::engine
