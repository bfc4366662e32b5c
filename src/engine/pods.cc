#include "engine/pods.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/removal.h"
#include "engine/directory_hold.h"
#include "engine/events.h"
#include "engine/lifecycle.h"
#include "engine/own_ids.h"
#include "engine/pod_files.h"
#include "execute/executor.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "plan/cgroup.h"
#include "runtime/launch.h"
#include "spec/json.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kNoSuchPod = "no such pod: ";

Error no_such_pod(const std::string& reference) { return complaint(std::string(kNoSuchPod) + reference); }

Result<PodRecord> load(const Places& places, const std::string& name) {
  PodRecord record = TRY_IN("pod " + name, read_pod_record(TRY(kernel::read_file(places.pod(name) + "/" + kPodFile))));
  record.name = name;
  return record;
}

std::vector<Container> members_of(const std::vector<Container>& containers, const std::string& pod_id) {
  std::vector<Container> members;
  for (const Container& container : containers) {
    if (container.record.pod.id == pod_id) members.push_back(container);
  }
  std::ranges::reverse(members);  // the listing has the newest first
  return members;
}

Result<std::vector<std::string>> pod_names(const Places& places) {
  const Result<std::vector<std::string>> names = kernel::list_directory(places.pods());
  if (!names && names.error().number == ENOTDIR) return std::vector<std::string>();
  std::vector<std::string> pods = TRY(names);
  std::erase_if(pods, [](const std::string& name) { return !is_name(name); });
  return pods;
}

bool all_exist(const std::vector<std::string>& directories) {
  return std::ranges::all_of(directories, [](const std::string& path) { return kernel::exists(path); });
}

// Under a lock of its own: several containers may start in it at once.
Result<> make_cgroup(const Places& places, const PodRecord& pod) {
  if (all_exist(pod.cgroup_directories)) return {};
  const std::string directory = places.pod(pod.name);
  const std::optional<Fd> lock = TRY(kernel::lock_file(directory + "/" + kLeavingFile, kernel::Lock::kWait));
  if (all_exist(pod.cgroup_directories)) return {};
  const std::string path = directory + "/" + kPodCgroupFile;
  const spec::Reading reading = spec::read_config(TRY(kernel::read_file(path)));
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, path));
  const HostFacts facts = host::probe();
  const plan::Plan plan = TRY(plan::plan_cgroup(reading.config, facts, {.state = {.id = pod.id, .bundle = directory}}));
  execute::Executor executor(plan);
  const auto made = executor.run(nullptr);
  if (made) return {};
  const runtime::LaunchError error = runtime::told(plan, made.error(), facts, {});
  return fail(in("pod " + pod.name, complaint(error.line, error.hint)));
}

bool is_half_made(const Places& places, const PodRecord& pod) {
  return pod.has_infra && (pod.infra_id.empty() || !kernel::exists(places.container(pod.infra_id) + "/" + kRecordFile));
}

Result<> remove_half_made(const Places& places, const PodRecord& pod, const Log& log) {
  for (const Container& member : members_of(TRY(list_containers(places)).containers, pod.id))
    TRY(remove_member(places, member, Force::kYes, log));
  return remove_empty_pod(places, pod);
}

}  // namespace

const Container* Pod::infra() const {
  const auto found = std::ranges::find_if(members, [](const Container& each) { return each.record.pod.is_infra; });
  return found == members.end() ? nullptr : &*found;
}

bool is_no_such_pod(const Error& error) { return error.text().starts_with(kNoSuchPod); }

Result<Pod> find_pod(const Places& places, const std::string& reference) {
  std::optional<PodRecord> found;
  if (is_name(reference)) {
    Result<PodRecord> named = load(places, reference);
    if (!named && named.error().number != ENOENT && named.error().number != ENOTDIR)
      return fail(std::move(named).error());
    if (named) found = std::move(*named);
  }
  if (!found && !reference.empty()) {
    for (const std::string& name : TRY(pod_names(places))) {
      Result<PodRecord> record = load(places, name);
      if (!record || !record->id.starts_with(reference)) continue;
      if (found) return fail(complaint(fmt::format("several pods have an id that begins with '{}'", reference)));
      found = std::move(*record);
    }
  }
  if (!found) return fail(no_such_pod(reference));
  std::vector<Container> members = members_of(TRY(list_containers(places)).containers, found->id);
  return Pod{.record = std::move(*found), .members = std::move(members)};
}

Result<PodListing> list_pods(const Places& places) {
  PodListing listing;
  const std::vector<std::string> names = TRY(pod_names(places));
  if (names.empty()) return listing;
  const Listing containers = TRY(list_containers(places));
  for (const std::string& name : names) {
    Result<PodRecord> record = load(places, name);
    if (record) {
      std::vector<Container> members = members_of(containers.containers, record->id);
      listing.pods.push_back({.record = std::move(*record), .members = std::move(members)});
    } else if (record.error().number != ENOENT) {  // that one is being removed at this moment
      listing.damaged.push_back(record.error().text());
    }
  }
  std::ranges::sort(listing.pods, std::greater(), [](const Pod& pod) { return pod.record.created_ns; });
  return listing;
}

Result<Fd> enter_pod(const Places& places, const PodMembership& membership, WaitForPod wait) {
  if (membership.id.empty()) return Fd();
  const Hold how = wait == WaitForPod::kNever ? Hold::kSharedOrNothing : Hold::kShared;
  std::optional<Fd> held = TRY(hold_directory(places.pod(membership.name), how));
  if (!held && errno == EWOULDBLOCK) return fail(complaint(fmt::format("pod {} is being removed", membership.name)));
  if (!held) return fail(no_such_pod(membership.name));
  const PodRecord pod = TRY(load(places, membership.name));
  if (pod.id != membership.id) return fail(no_such_pod(short_id(membership.id)));
  TRY(make_cgroup(places, pod));
  return std::move(*held);
}

void settle_pod(const Places& places, const PodRecord& pod, const Log& log, bool has_ended) {
  std::optional<Container> ending;
  {
    // One after the other, so that the last to leave sees that it is. Who starts a container, or removes the pod, sees
    // to this too.
    const std::string path = places.pod(pod.name);
    const Result<std::optional<Fd>> leaving = kernel::lock_file(path + "/" + kLeavingFile, kernel::Lock::kWait);
    if (!leaving) return;
    const Result<std::optional<Fd>> alone = hold_directory(path, Hold::kAloneOrNothing);
    if (!alone || !*alone) return;
    const Result<PodRecord> now = load(places, pod.name);
    const Result<Listing> listing = list_containers(places);
    if (!now || now->id != pod.id || !listing) return;
    bool any_runs = false;
    for (const Container& member : members_of(listing->containers, pod.id)) {
      if (member.record.pod.is_infra) {
        if (member.live) ending = member;
        continue;
      }
      any_runs = any_runs || member.live;
      has_ended = has_ended || (member.ending && member.record.pod.init == InitWhen::kNot);
    }
    if (any_runs || (ending && (now->exit_policy == ExitPolicy::kContinue || !has_ended))) return;
    if (!ending) {
      if (const Result<> removed = cgroup::remove_if_empty(pod.cgroup_directories); !removed)
        log.warning(removed.error().text());
      return;
    }
  }
  // The infra container's keeper leaves the pod in its turn.
  if (const Result<> stopped = stop_container(places, *ending, std::nullopt, std::nullopt, log); !stopped)
    log.warning(stopped.error().text());
}

void leave_pod(const Places& places, const PodMembership& membership, const Log& log) {
  if (membership.id.empty()) return;
  const Result<PodRecord> pod = load(places, membership.name);
  if (pod && pod->id == membership.id)
    settle_pod(places, *pod, log, !membership.is_infra && membership.init == InitWhen::kNot);
}

Result<> remove_empty_pod(const Places& places, const PodRecord& pod) {
  TRY(cgroup::kill_and_remove(pod.cgroup_directories));
  const std::string gone = pod_scratch(places, kGonePod);
  if (::rename(places.pod(pod.name).c_str(), gone.c_str()) != 0) return fail(os_error("rename", places.pod(pod.name)));
  note_event(places, {.type = "pod", .action = "remove", .id = pod.id, .attributes = {{"name", pod.name}}});
  return kernel::remove_tree(gone);
}

Result<> clear_unfinished_pods(const Places& places, const Log& log) {
  const Result<std::vector<std::string>> names = kernel::list_directory(places.pods());
  if (!names && names.error().number == ENOTDIR) return {};  // ROOT is no directory: who wants to use it says so
  for (const std::string& name : TRY(names)) {
    const std::string path = places.pod(name);
    const bool is_scratch = name.starts_with(kNewPod) || name.starts_with(kGonePod);
    const Result<PodRecord> pod = is_scratch ? Result<PodRecord>(PodRecord()) : load(places, name);
    if (!pod) continue;
    if (!is_scratch && !is_half_made(places, *pod)) {
      const bool has_cgroup = std::ranges::any_of(
          pod->cgroup_directories, [](const std::string& directory) { return kernel::exists(directory); });
      if (!has_cgroup) continue;
      const std::optional<Fd> alone = TRY(hold_directory(path, Hold::kAloneOrNothing));
      if (alone) TRY(cgroup::remove_if_empty(pod->cgroup_directories));
      continue;
    }
    const std::optional<Fd> alone = TRY(hold_directory(path, Hold::kAloneOrNothing));
    if (!alone) continue;
    if (is_scratch) {
      TRY(kernel::remove_tree(path));
      continue;
    }
    const Result<PodRecord> now = load(places, name);  // its maker may just have finished it
    if (now && is_half_made(places, *now)) TRY(remove_half_made(places, *now, log));
  }
  return {};
}

}  // namespace caisson::engine
