#include "engine/id_facts.h"

#include <fmt/format.h>

#include "engine/containers.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kRootsAutoUser = "containers";  // whose ranges podman takes, too

void add_ranges(IdRanges& ranges, const IdMappings& mappings) {
  for (const spec::IdMapping& mapping : mappings) ranges.push_back({mapping.host_id, mapping.size});
}

Result<> find_taken(IdFacts& found, const Places& places) {
  for (const Container& container : TRY(list_containers(places)).containers) {
    if (!container.record.automatic_ids) continue;
    add_ranges(found.users.taken, container.record.uid_mappings);
    add_ranges(found.groups.taken, container.record.gid_mappings);
  }
  return {};
}

// The container whose user namespace is joined: by name, or because an ordinary user's container shares another of its
// namespaces, which belongs to that user namespace.
const std::string* joined_container(const RunOptions& options, bool ordinary) {
  if (options.userns.kind == UserNamespaceKind::kContainer) return &options.userns.target;
  if (options.userns.kind != UserNamespaceKind::kDefault || !ordinary) return nullptr;
  for (const NamespaceChoice* choice :
       {&options.network, &options.pid, &options.ipc, &options.uts, &options.cgroupns}) {
    if (choice->kind == NamespaceKind::kContainer) return &choice->target;
  }
  return nullptr;
}

Result<> find_joined(IdFacts& found, const std::string& name, const Places& places) {
  const Container container = TRY(find_container(places, name));
  if (container.record.pod.is_infra && !container.live) {  // of a pod that runs later: prepare_again() finds it
    found.joined = "/proc/0/ns/user";
    found.users.joined = container.record.uid_mappings;
    found.groups.joined = container.record.gid_mappings;
    return {};
  }
  if (!container.live || container.live->process.pid == 0)
    return fail(complaint(fmt::format("container {} is not running", name), "start it first"));
  const std::string file = fmt::format("/proc/{}/ns/user", container.live->process.pid);
  if (TRY(kernel::read_link(file)) == TRY(kernel::read_link("/proc/self/ns/user"))) return {};
  found.joined = file;
  found.users.joined = container.record.uid_mappings;
  found.groups.joined = container.record.gid_mappings;
  return {};
}

}  // namespace

Result<IdFacts> find_id_facts(const RunOptions& options, const Places& places, const HostFacts& facts,
                              const OwnIds& own) {
  IdFacts found{.ordinary = facts.is_ordinary_user(), .uid = facts.effective_uid, .gid = facts.effective_gid};
  if (found.ordinary) {
    found.users.own = own.users;
    found.groups.own = own.groups;
  }
  if (const std::string* name = joined_container(options, found.ordinary))
    TRY_IN("--userns container:" + *name, find_joined(found, *name, places));
  if (options.userns.kind != UserNamespaceKind::kAuto) return found;
  if (!found.ordinary) {
    found.users.own = subordinate_ranges(kernel::read_file("/etc/subuid").value_or(""), kRootsAutoUser, UINT32_MAX);
    found.groups.own = subordinate_ranges(kernel::read_file("/etc/subgid").value_or(""), kRootsAutoUser, UINT32_MAX);
  }
  TRY(find_taken(found, places));
  return found;
}

Result<Fd> lock_ids(const Places& places) {
  TRY(kernel::make_directories(places.root, 0755));
  std::optional<Fd> lock = TRY(kernel::lock_file(places.root + "/ids.lock", kernel::Lock::kWait));
  return std::move(*lock);
}

}  // namespace caisson::engine
