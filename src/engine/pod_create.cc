// A new pod: its directory, and its infra container.
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/compose.h"
#include "engine/devices.h"
#include "engine/directory_hold.h"
#include "engine/events.h"
#include "engine/pod_files.h"
#include "engine/pod_lifecycle.h"
#include "engine/pods.h"
#include "engine/run.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "plan/build.h"
#include "plan/cgroup.h"
#include "spec/json.h"

namespace caisson::engine {

namespace {

constexpr int kTries = 100;
constexpr std::size_t kHostNameBytes = 63;
constexpr std::size_t kIdShown = 12;
constexpr std::string_view kPodCgroup = "caisson-pod-";

// All of them are the pod's own cgroup's.
void drop_limits(RunOptions& infra) {
  const RunOptions none;
  infra.memory_bytes = none.memory_bytes;
  infra.memory_swap_bytes = none.memory_swap_bytes;
  infra.memory_reservation_bytes = none.memory_reservation_bytes;
  infra.memory_swappiness = none.memory_swappiness;
  infra.nano_cpus = none.nano_cpus;
  infra.cpu_shares = none.cpu_shares;
  infra.cpu_quota_us = none.cpu_quota_us;
  infra.cpu_period_us = none.cpu_period_us;
  infra.cpu_rt_runtime_us = none.cpu_rt_runtime_us;
  infra.cpu_rt_period_us = none.cpu_rt_period_us;
  infra.cpuset_cpus = none.cpuset_cpus;
  infra.cpuset_mems = none.cpuset_mems;
  infra.pids_limit = none.pids_limit;
  infra.oom_kill_disable = none.oom_kill_disable;
  infra.cgroup_files = none.cgroup_files;
  infra.blkio_weight = none.blkio_weight;
  infra.blkio_weights = none.blkio_weights;
  infra.read_bps = none.read_bps;
  infra.write_bps = none.write_bps;
  infra.read_iops = none.read_iops;
  infra.write_iops = none.write_iops;
}

// The pod's cgroup as a configuration; what it is in each hierarchy goes into the record.
Result<spec::Config> lay_out_cgroup(const RunOptions& options, PodRecord& pod) {
  Surroundings around{.facts = host::probe()};
  const std::int64_t processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  around.online_cpus = static_cast<std::uint32_t>(std::max(processors, std::int64_t{0}));
  TRY(resolve_limited_devices(options, around));
  spec::Config config;  // one that reads: of a container that there is not
  config.root.path = "/";
  config.process.args = {"/pause"};
  config.linux_.resources = TRY(compose_limits(options, around));
  std::string parent = options.cgroup_parent;
  while (parent.ends_with('/')) parent.pop_back();
  if (!parent.empty() && !parent.starts_with('/')) parent.insert(0, "/");
  config.linux_.cgroups_path = fmt::format("{}/{}{}", parent, kPodCgroup, pod.id);
  const plan::Plan plan = TRY(plan::plan_cgroup(config, around.facts, {.state = {.id = pod.id}}));
  pod.cgroup_directories = plan::cgroup_directories(plan);
  if (!pod.cgroup_directories.empty()) pod.cgroup_path = config.linux_.cgroups_path;
  return config;
}

// Where the infra container's process and files are; its own, so that a pod goes on as it began when caisson is
// updated.
Result<> make_rootfs(const std::string& path, const Places& places) {
  for (const char* directory : {"", "/dev", "/etc", "/proc", "/run", "/sys", "/tmp"})
    TRY(kernel::make_directories(path + directory, 0755));
  for (const char* file : {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})
    TRY(kernel::write_new_file(path + file, "", 0644));
  return kernel::write_new_file(path + "/pause", TRY(kernel::read_file(places.libexec + "/pause")), 0755);
}

struct Scratch {
  std::string path;
  Fd lock;
};

Result<Scratch> make_scratch(const Places& places) {
  TRY(kernel::make_directories(places.pods(), 0711));
  for (int tries = 0; tries < kTries; ++tries) {
    std::string path = pod_scratch(places, kNewPod);
    // A user namespace's root, who is nobody here, gets to the root filesystem below it.
    if (::mkdir(path.c_str(), 0711) != 0) return fail(os_error("mkdir", path));
    std::optional<Fd> lock = TRY(hold_directory(path, Hold::kAloneOrNothing));
    if (lock) return Scratch{std::move(path), std::move(*lock)};  // otherwise it was taken for one that was left
  }
  return fail(complaint("other commands keep taking a new pod for one that was left"));
}

Result<> fill(const std::string& path, const PodRecord& pod, const spec::Config& cgroup, const PodOptions& options,
              const Places& places) {
  TRY(kernel::write_new_file(fmt::format("{}/{}", path, kPodCgroupFile), spec::write_config(cgroup), 0600));
  if (pod.has_infra && options.infra_image.empty()) TRY(make_rootfs(fmt::format("{}/{}", path, kPodRootfs), places));
  return kernel::write_new_file(fmt::format("{}/{}", path, kPodFile), to_json(pod), 0600);
}

RunOptions infra_options(const PodOptions& options, const PodRecord& pod, const Places& places) {
  RunOptions infra = options.infra;
  drop_limits(infra);
  if (options.infra_image.empty()) {
    infra.source = fmt::format("{}/{}", places.pod(pod.name), kPodRootfs);
    infra.is_rootfs = true;
    infra.command = {"/pause"};
  } else {
    infra.source = options.infra_image;
    infra.command = options.infra_command;
  }
  infra.name = options.infra_name.empty() ? pod.id.substr(0, kIdShown) + "-infra" : options.infra_name;
  infra.hostname = pod.hostname;
  infra.cgroup_parent = pod.cgroup_path;
  infra.proxy_variables = false;
  infra.log.driver = LogDriver::kNone;
  infra.labels = pod.labels;
  infra.restart = {};
  infra.membership = {.id = pod.id, .name = pod.name, .is_infra = true};
  infra.typed.erase("cgroup-parent");
  if (!options.shares.network && !infra.typed.contains("network")) {  // the default one is for those who share it
    infra.network = {NamespaceKind::kNone, {}};
    infra.networks.clear();
    infra.user_network.clear();
  }
  return infra;
}

Result<> check(const PodOptions& options) {
  const bool shares_any = !pod_share_words(options.shares).empty() && options.shares != PodShares{.cgroup = true};
  if (options.has_infra) return {};
  if (shares_any)
    return fail(complaint("--infra=false: without an infra container nothing can be shared", "add --share none"));
  const RunOptions& infra = options.infra;
  if (!infra.mounts.empty() || infra.typed.contains("network") || infra.userns != UserNamespaceChoice() ||
      !infra.hostname.empty())
    return fail(complaint("--infra=false: network, names, volumes and user namespace are the infra container's"));
  return {};
}

}  // namespace

Result<std::string> create_pod(const PodOptions& options, const Places& places, const Log& log) {
  TRY(check(options));
  PodRecord pod{
      .id = new_id(),
      .name = options.name.empty() ? made_up_name() : options.name,
      .created_ns = now_nanoseconds(),
      .labels = options.infra.labels,
      .hostname = options.infra.hostname,
      .shares = options.shares,
      .has_infra = options.has_infra,
      .infra_id = {},
      .user_namespace = options.infra.userns != UserNamespaceChoice() || !options.infra.uidmaps.empty() ||
                        !options.infra.gidmaps.empty(),
      .no_hosts = options.infra.no_hosts,
      .exit_policy = options.exit_policy,
      .restart = options.infra.typed.contains("restart") ? std::optional(options.infra.restart) : std::nullopt,
      .cgroup_parent = options.infra.cgroup_parent,
      .cgroup_path = {},
      .cgroup_directories = {},
      .create_words = options.infra.create_words};
  if (!is_name(pod.name))
    return fail(complaint(fmt::format("'{}' is not a name: [a-zA-Z0-9][a-zA-Z0-9_.-]* is", pod.name)));
  if (pod.hostname.empty()) pod.hostname = pod.name.substr(0, kHostNameBytes);
  if (options.replace) {
    const Result<Pod> former = find_pod(places, pod.name);
    if (!former && !is_no_such_pod(former.error())) return fail(former.error());
    if (former && former->record.name == pod.name) TRY(remove_pod(places, *former, Force::kYes, std::nullopt, log));
  }
  if (pod.shares.ipc && ::geteuid() != 0)
    log.warning("/dev/shm is each container's own: of an ordinary user's pod, the rest of IPC is shared");
  const spec::Config cgroup = TRY(lay_out_cgroup(options.infra, pod));
  const Scratch scratch = TRY(make_scratch(places));
  if (const Result<> filled = fill(scratch.path, pod, cgroup, options, places); !filled) {
    (void)kernel::remove_tree(scratch.path);
    return fail(filled.error());
  }
  const std::string path = places.pod(pod.name);
  if (::renameat2(AT_FDCWD, scratch.path.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    const Error error = errno == EEXIST ? complaint(fmt::format("the name '{}' is in use by another pod", pod.name),
                                                    fmt::format("remove that with: caisson pod rm {}", pod.name))
                                        : os_error("renameat2", path);
    (void)kernel::remove_tree(scratch.path);
    return fail(error);
  }
  if (pod.has_infra) {
    const Result<std::string> infra = create(infra_options(options, pod, places), places, log);
    if (!infra) {
      TRY(remove_empty_pod(places, pod));
      return fail(infra.error());
    }
    pod.infra_id = *infra;
    TRY(kernel::replace_file(path + "/" + kPodFile, to_json(pod), 0600));
  }
  if (!options.id_file.empty()) TRY_IN("--pod-id-file", kernel::replace_file(options.id_file, pod.id, 0644));
  note_event(places, {.type = "pod", .action = "create", .id = pod.id, .attributes = {{"name", pod.name}}});
  return pod.id;
}

}  // namespace caisson::engine
