#include "engine/container_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/user_namespace.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "spec/json.h"
#include "spec/problem.h"

namespace caisson::engine {

namespace {

// OWNER on the disk, as the namespace of all ids sees it → the container's.
std::string owners_inside(const IdMappings& mappings, const IdRanges& own) {
  IdMappings inverse = by_position(mappings, own);
  for (spec::IdMapping& each : inverse) std::swap(each.container_id, each.host_id);
  return mapping_words(inverse);
}

Result<spec::Config> config_of(const Places& places, const Record& record) {
  const std::string path = places.container(record.id) + "/config.json";
  spec::Reading reading = spec::read_config(TRY(kernel::read_file(path)));
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, path));
  return std::move(reading.config);
}

}  // namespace

Result<ContainerTree> find_container_tree(const Places& places, const Container& container) {
  const Record& record = container.record;
  ContainerTree tree;
  if (!container.live) {
    std::optional<Fd> lock = TRY(lock_container(places, record.id));
    if (!lock) return fail(complaint(fmt::format("another command is at work on container {}", record.name)));
    tree.lock = *std::move(lock);
  }
  const spec::Config config = TRY(config_of(places, record));
  if (record.rootfs.lower.empty()) {
    tree.directory = record.rootfs.path;
    tree.words = {"--directory", tree.directory};
  } else {
    tree.words = {"--upper", record.rootfs.upper};
    for (const std::string& layer : record.rootfs.lower) tree.words.insert(tree.words.end(), {"--lower", layer});
    // Which notes overlay makes depends on who mounted it.
    if (std::ranges::find(config.linux_.namespaces, spec::NamespaceType::kUser, &spec::Namespace::type) !=
        config.linux_.namespaces.end())
      tree.words.emplace_back("--userxattr");
    for (const spec::Mount& mount : config.mounts)
      tree.words.insert(tree.words.end(), {"--mount-point", mount.destination});
  }
  const HostFacts facts = host::probe();
  if (!facts.is_ordinary_user()) return tree;
  tree.own = own_ids(facts);
  tree.words.insert(tree.words.end(), {"--uids", owners_inside(record.uid_mappings, tree.own->users), "--gids",
                                       owners_inside(record.gid_mappings, tree.own->groups)});
  return tree;
}

}  // namespace caisson::engine
