#include "engine/copy_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/own_ids.h"
#include "host/probe.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

void add_mounts(const Record& record, std::vector<std::string>& words) {
  std::vector<MountRecord> mounts = record.mounts;
  // What is nearer to the root comes first, or it would hide what is below.
  std::ranges::stable_sort(mounts, {},
                           [](const MountRecord& mount) { return std::ranges::count(mount.destination, '/'); });
  for (const MountRecord& mount : mounts) {
    const bool overlay = std::ranges::find(mount.options, "O") != mount.options.end();
    if (overlay || mount.source.empty() || !kernel::exists(mount.source)) continue;
    words.insert(words.end(), {"--mount", mount.source, "--at", mount.destination});
    for (const std::string& word : mount.options) {
      if (word.starts_with("subpath=")) words.insert(words.end(), {"--below", word.substr(word.find('=') + 1)});
    }
    if (!mount.writable) words.emplace_back("--fixed");
  }
}

std::string user_namespace_of(const std::string& process) {
  return kernel::read_link("/proc/" + process + "/ns/user").value_or("");
}

}  // namespace

Result<CopyView> find_copy_view(const Places& places, const Container& container) {
  const Record& record = container.record;
  CopyView view;
  if (container.live && container.live->process.pid != 0) {
    const Fd process = TRY(kernel::open_process(container.live->process));  // it is still this one
    const std::string pid = std::to_string(container.live->process.pid);
    view.words = {"--process", pid};
    if (user_namespace_of(pid) != user_namespace_of("self")) view.words.emplace_back("--join");
    return view;
  }
  std::optional<Fd> lock = TRY(lock_container(places, record.id));
  if (!lock) return fail(complaint(fmt::format("another command is at work on container {}", record.name)));
  view.lock = *std::move(lock);
  const HostFacts facts = host::probe();
  if (record.rootfs.lower.empty()) {
    view.words = {"--directory", record.rootfs.path};
  } else {
    view.words = {"--upper", record.rootfs.upper, "--work", record.rootfs.work};
    for (const std::string& layer : record.rootfs.lower) view.words.insert(view.words.end(), {"--lower", layer});
    // Which notes overlay makes depends on who mounts it: root's containers are looked at by root.
    if (!record.uid_mappings.empty()) view.words.emplace_back("--userxattr");
  }
  add_mounts(record, view.words);
  if (!facts.is_ordinary_user()) return view;
  view.maps = own_ids(facts).maps;
  view.maps->uid_map = mapping_lines(record.uid_mappings);
  view.maps->gid_map = mapping_lines(record.gid_mappings);
  return view;
}

}  // namespace caisson::engine
