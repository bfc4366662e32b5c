#include "generated_config.h"

#include <algorithm>
#include <string>
#include <vector>

#include "spec/capability.h"

namespace caisson {

namespace {

using spec::NamespaceType;

// splitmix64: small, and the same everywhere, unlike the library's distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  // Some of them, in their order.
  template <class T>
  std::vector<T> some(const std::vector<T>& from, std::uint64_t one_of) {
    std::vector<T> chosen;
    std::copy_if(from.begin(), from.end(), std::back_inserter(chosen), [&](const T&) { return one_in(one_of); });
    return chosen;
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t state_;
};

std::vector<std::string> attribute_words(Random& random) {
  return random.some(
      std::vector<std::string>{"ro", "nosuid", "nodev", "noexec", "noatime", "strictatime", "rro", "rnosuid"}, 3);
}

spec::Mount bind(Random& random) {
  const std::vector<std::string> words = {"bind", "rbind"};
  spec::Mount mount{.destination = "/srv/" + std::to_string(random.below(100)),
                    .type = random.one_in(2) ? "bind" : "none",
                    .source = "/host/" + std::to_string(random.below(100)),
                    .options = {random.pick(words)}};
  for (const std::string& word : attribute_words(random)) mount.options.push_back(word);
  if (random.one_in(2)) {
    mount.options.push_back(
        random.pick(std::vector<std::string>{"private", "rprivate", "rslave", "shared", "rshared"}));
  }
  return mount;
}

spec::Mount bind_in_proc(Random& random) {
  return {.destination = random.pick(std::vector<std::string>{"/proc", "/proc/cpuinfo", "/proc//meminfo"}),
          .type = "bind",
          .source = "/host/proc",
          .options = {"rbind"}};
}

spec::Mount filesystem(Random& random) {
  struct Kind {
    const char* type;
    const char* destination;
    std::vector<std::string> options;
  };
  const std::vector<Kind> kinds = {
      {"proc", "/proc", {}},
      {"tmpfs", "/dev", {"mode=755", "size=65536k"}},
      {"devpts", "/dev/pts", {"newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {"tmpfs", "/dev/shm", {"mode=1777"}},
      {"mqueue", "/dev/mqueue", {}},
      {"sysfs", "/sys", {}},
      {"cgroup", "/sys/fs/cgroup", {}},
      {"tmpfs", "/run/", {}},
      {"tmpfs", "/var", {"tmpcopyup"}},
      {"tmpfs", "/tmp", {"rw", "size=1m"}},
  };
  const Kind& kind = random.pick(kinds);
  spec::Mount mount{.destination = kind.destination, .type = kind.type, .source = kind.type, .options = kind.options};
  for (const std::string& word : attribute_words(random)) mount.options.push_back(word);
  return mount;
}

std::vector<spec::Mount> mounts(Random& random) {
  std::vector<spec::Mount> all;
  if (random.one_in(3)) {
    all.push_back({.destination = "/",
                   .type = "overlay",
                   .source = "overlay",
                   .options = {"lowerdir=/layers/2:/layers/1", "upperdir=/c/upper", "workdir=/c/work"}});
  }
  for (std::uint64_t count = random.below(10); count > 0; --count) {
    all.push_back(random.one_in(2) ? filesystem(random) : bind(random));
  }
  if (random.one_in(10)) all.push_back({.destination = "/dev", .type = "none", .source = "/dev", .options = {"rbind"}});
  return all;
}

std::vector<spec::Namespace> namespaces(Random& random) {
  std::vector<spec::Namespace> all = {{NamespaceType::kMount, ""}};
  for (const NamespaceType type : spec::kNamespaceTypes) {
    if (type == NamespaceType::kMount || random.one_in(3)) continue;
    const bool joined = type == NamespaceType::kTime || random.one_in(4);
    if (type == NamespaceType::kUser && !joined && random.one_in(2)) continue;
    all.push_back({type, joined ? "/proc/42/ns/" + std::to_string(static_cast<int>(type)) : ""});
  }
  std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(random.below(all.size())), all.end());
  return all;
}

std::vector<spec::Device> devices(Random& random) {
  const std::vector<spec::Device> known = {
      {.path = "/dev/fuse", .type = 'c', .major = 10, .minor = 229, .file_mode = 0666},
      {.path = "/dev/sda", .type = 'b', .major = 8, .minor = 0, .uid = 5, .gid = 6},
      {.path = "/dev/pipe", .type = 'p'},
      {.path = "/dev/null", .type = 'c', .major = 1, .minor = 3, .file_mode = 0600},
      {.path = "/dev/kmsg", .type = 'u', .major = 1, .minor = 11},
  };
  return random.some(known, 4);
}

spec::Resources resources(Random& random) {
  spec::Resources limits;
  if (random.one_in(3)) limits.memory.limit = 100 << 20;
  if (limits.memory.limit && random.one_in(2)) limits.memory.swap = 100 << 20;
  if (random.one_in(3)) limits.cpu.shares = 512;
  if (random.one_in(3)) limits.cpu.quota = 50'000;
  if (random.one_in(4)) limits.cpu.cpus = "0";
  if (random.one_in(3)) limits.pids_limit = 64;
  if (random.one_in(2)) limits.devices = {{.allow = false, .access = "rwm"}};
  return limits;
}

spec::Capabilities capabilities(Random& random) {
  const std::uint64_t mask = random.below(~0ULL) & spec::all_capabilities();
  return {.bounding = mask,
          .effective = mask,
          .inheritable = random.one_in(2) ? mask : 0,
          .permitted = mask,
          .ambient = random.one_in(2) ? mask : 0};
}

spec::Process process(Random& random) {
  spec::Process process{.terminal = random.one_in(3), .args = {"sh", "-c", ""}, .env = {"PATH=/bin::/usr/bin", "A=b"}};
  if (random.one_in(3)) process.args[0] = "/bin/true";
  if (process.terminal && random.one_in(2)) process.console_size = spec::ConsoleSize{.height = 24, .width = 80};
  if (random.one_in(2)) process.user = {.uid = 1000, .gid = 1000, .umask = 0027, .additional_gids = {4, 24}};
  if (random.one_in(2)) process.cwd = "/work";
  if (!random.one_in(4)) process.capabilities = capabilities(random);
  if (random.one_in(2)) process.rlimits.push_back({.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 4096});
  if (random.one_in(3)) process.rlimits.push_back({.type = "RLIMIT_CORE", .soft = 0, .hard = 0});
  process.no_new_privileges = random.one_in(2);
  if (random.one_in(3)) process.oom_score_adj = 100;
  return process;
}

// Drawn with a seed of its own, so that the rest of a configuration is as it was without it.
std::optional<spec::Seccomp> seccomp(std::uint64_t seed, bool may_notify) {
  Random random(seed + 1'000'000);
  if (random.one_in(2)) return std::nullopt;
  spec::Seccomp made{.default_action = spec::SeccompAction::kErrno,
                     .syscalls = {{{"read", "write", "execve"}, spec::SeccompAction::kAllow, {}, {}},
                                  {{"socket"}, spec::SeccompAction::kAllow, {}, {{0, 1}}}}};
  if (random.one_in(2)) made.flags = {"SECCOMP_FILTER_FLAG_LOG"};
  if (may_notify && random.one_in(2)) {
    made.listener_path = "/run/agent";
    made.syscalls.push_back({{"mkdir"}, spec::SeccompAction::kNotify, {}, {}});
  }
  return made;
}

// What was added to the specification later: drawn with seeds of its own, too.
void add_later_fields(std::uint64_t seed, spec::Process& process, HostFacts& facts) {
  Random random(seed + 2'000'000);
  if (random.one_in(3)) {
    process.scheduler = random.one_in(2) ? spec::Scheduler{.policy = "SCHED_BATCH", .nice = 5}
                                         : spec::Scheduler{.policy = "SCHED_RR", .priority = 1};
  }
  if (random.one_in(3)) process.io_priority = spec::IoPriority{"IOPRIO_CLASS_BE", 4};
  if (random.one_in(2))
    process.exec_cpu_affinity = spec::CpuAffinity{random.one_in(2) ? "0-1" : "", random.one_in(2) ? "0,63" : ""};
  if (random.one_in(3)) process.apparmor_profile = random.one_in(2) ? "unconfined" : "mine";
  facts.apparmor = random.one_in(2);
  facts.selinux = random.one_in(2);
  if (facts.selinux && random.one_in(2)) process.selinux_label = "system_u:system_r:container_t:s0";
  if (random.one_in(3)) process.env.emplace_back(random.one_in(2) ? "HOME=/root" : "HOME=");
  if (random.one_in(4)) process.env.emplace_back("A=c");
}

template <class Bound>  // a container's configuration, or what a further process is given of it
void add_later_bounds(std::uint64_t seed, Bound& bound) {
  Random random(seed + 3'000'000);
  if (random.one_in(3)) bound.personality = spec::Personality{"LINUX32", {}};
  if (random.one_in(3)) bound.memory_policy = spec::MemoryPolicy{"MPOL_INTERLEAVE", "0", {"MPOL_F_STATIC_NODES"}};
}

// Drawn with a seed of its own as well: what only some containers have.
void add_extras(std::uint64_t seed, GeneratedContainer& made, bool mapped) {
  Random random(seed + 5'000'000);
  spec::Config& config = made.config;
  const bool is_root = made.facts.effective_uid == 0;
  const bool has_network = std::any_of(config.linux_.namespaces.begin(), config.linux_.namespaces.end(),
                                       [](const auto& n) { return n.type == NamespaceType::kNetwork; });
  made.request.no_pivot = random.one_in(5);
  made.request.state.id = "box";
  if (has_network && is_root && random.one_in(4)) config.linux_.net_devices = {{"eth7", {}}, {"wlan0", {"eth%d"}}};
  if (random.one_in(4)) {
    made.facts.resctrl = "/sys/fs/resctrl";
    config.linux_.intel_rdt = {.clos_id = random.pick(std::vector<std::string>{"", "/", "gold"}),
                               .l3_cache_schema = random.one_in(2) ? "L3:0=f" : "",
                               .enable_monitoring = random.one_in(2)};
  }
  if (random.one_in(4)) {
    made.facts.selinux = true;
    config.linux_.mount_label = "system_u:object_r:container_file_t:s0:c1,c2";
  }
  for (spec::Mount& mount : config.mounts) {
    const bool bound = mount.type == "bind";
    if (bound && random.one_in(4)) mount.options.emplace_back("copy-symlink");
    if (bound && random.one_in(4)) mount.options.emplace_back("dest-nofollow");
    const auto idmap = std::find(mount.options.begin(), mount.options.end(), "idmap");
    const bool is_mapped = idmap != mount.options.end();
    if (bound && mapped && is_mapped && random.one_in(3)) *idmap = "idmap=uids=0-7-1;gids=0-8-1";
    if (bound && is_root && !is_mapped && random.one_in(3)) {
      mount.uid_mappings = mount.gid_mappings = {{.container_id = 0, .host_id = 5000, .size = 10}};
    }
  }
  if (random.one_in(3)) config.mounts.push_back(bind_in_proc(random));
}

plan::Request request(Random& random) {
  const std::vector<plan::MountSource> sources = {{.path = "/box/data", .directory = true},
                                                  {.path = "/box/hosts", .content = "::1 localhost"}};
  return {.origins = {{"process.args", "COMMAND"}, {"mounts[1]", "-v /a:/b"}},
          .sources = random.some(sources, 2),
          .wait_for_start = random.one_in(2),
          .new_keyring = random.one_in(2),
          .new_session = random.one_in(2),
          .death_signal = random.one_in(2) ? 9 : 0,
          .network_ahead = random.one_in(2),
          .few_mounts = random.one_in(2),
          .preserve_fds = static_cast<std::uint32_t>(random.below(3))};
}

HostFacts host(Random& random) {
  HostFacts facts =
      facts_of(random.pick(std::vector{CgroupMode::kNone, CgroupMode::kV1, CgroupMode::kHybrid, CgroupMode::kV2}));
  if (random.one_in(4)) facts.effective_capabilities = 0;
  if (random.one_in(4)) {
    facts.effective_uid = facts.effective_gid = 1000;
    facts.newuidmap = "/usr/bin/newuidmap";
    facts.newgidmap = "/usr/bin/newgidmap";
  }
  return facts;
}

}  // namespace

HostFacts facts_of(CgroupMode mode) {
  HostFacts facts{.kernel = "6.1.0",
                  .effective_capabilities = spec::all_capabilities(),
                  .bounding_capabilities = spec::all_capabilities(),
                  .cgroup_mode = mode};
  if (mode == CgroupMode::kV2) {
    facts.hierarchies.push_back({"/sys/fs/cgroup", {"cpuset", "cpu", "io", "memory", "hugetlb", "pids"}, true});
    facts.delegated_files = {"cgroup.procs", "cgroup.threads"};
  }
  if (mode == CgroupMode::kV1 || mode == CgroupMode::kHybrid) {
    facts.hierarchies.push_back({"/sys/fs/cgroup/cpu,cpuacct", {"cpu", "cpuacct"}, false});
    for (const char* name : {"cpuset", "devices", "freezer", "memory", "pids"}) {
      facts.hierarchies.push_back({std::string("/sys/fs/cgroup/") + name, {name}, false});
    }
  }
  if (mode == CgroupMode::kHybrid) facts.hierarchies.push_back({"/sys/fs/cgroup/unified", {"hugetlb"}, true});
  return facts;
}

GeneratedContainer generate_container(std::uint64_t seed) {
  Random random(seed);
  GeneratedContainer made{.facts = host(random), .request = request(random)};
  spec::Config& config = made.config;
  config.root = {.path = "/bundle/rootfs", .readonly = random.one_in(2)};
  config.mounts = mounts(random);
  config.process = process(random);
  config.linux_.namespaces = namespaces(random);
  const auto has = [&](NamespaceType type, bool created) {
    return std::any_of(config.linux_.namespaces.begin(), config.linux_.namespaces.end(),
                       [&](const spec::Namespace& n) { return n.type == type && (!created || n.path.empty()); });
  };
  for (const spec::HookList& kind : spec::kHookLists) {
    if (random.one_in(6)) config.hooks.*kind.list = {{.path = "/hook", .args = {"hook", "a"}, .timeout_s = 3}};
  }
  if (has(NamespaceType::kUts, false) && random.one_in(2)) config.hostname = "box";
  if (has(NamespaceType::kUts, false) && random.one_in(4)) config.domainname = "example.org";
  if (has(NamespaceType::kNetwork, false) && random.one_in(2)) config.linux_.sysctl["net.ipv4.ip_forward"] = "1";
  if (has(NamespaceType::kUser, true)) {
    config.linux_.uid_mappings = {{.container_id = 0, .host_id = 100'000, .size = 65'536}};
    config.linux_.gid_mappings = {{.container_id = 0, .host_id = 100'000, .size = 1'000},
                                  {.container_id = 1'000, .host_id = 200'000, .size = 1}};
  }
  const bool mapped = has(NamespaceType::kUser, false) && made.facts.effective_uid == 0;
  for (spec::Mount& mount : config.mounts) {
    const bool can_be = mount.destination == "/" || mount.type == "bind";
    if (mapped && can_be && random.one_in(2)) mount.options.emplace_back("idmap");
  }
  config.linux_.devices = devices(random);
  const bool cgroup = made.facts.cgroup_mode != CgroupMode::kNone && !random.one_in(4);
  if (cgroup) {
    config.linux_.cgroups_path = "/caisson/" + std::to_string(seed);
    config.linux_.resources = resources(random);
  }
  if (made.facts.cgroup_mode != CgroupMode::kNone && random.one_in(4)) {
    made.facts.systemd = Systemd{.version = 252};
    made.request.systemd_program = "/usr/libexec/caisson/systemd";
    config.linux_.cgroups_path = random.pick(std::vector<std::string>{"", "machine.slice:box:1"});
    made.request.state.id = "generated";
  }
  config.linux_.masked_paths = random.some(std::vector<std::string>{"/proc/kcore", "/proc/acpi", "/sys/firmware"}, 2);
  config.linux_.readonly_paths = random.some(std::vector<std::string>{"/proc/sys", "/proc/bus/"}, 2);
  if (random.one_in(4)) config.linux_.rootfs_propagation = random.pick(std::vector<std::string>{"rprivate", "rslave"});
  config.linux_.seccomp = seccomp(seed, !made.request.wait_for_start);
  add_later_fields(seed, config.process, made.facts);
  add_later_bounds(seed, config.linux_);
  Random later(seed + 4'000'000);
  if (later.one_in(3)) config.annotations["caisson.landlock.read"] = "/etc:/usr";
  if (later.one_in(6)) config.annotations["run.oci.keep_original_groups"] = "1";
  for (spec::Namespace& entry : config.linux_.namespaces) {
    if (entry.type != NamespaceType::kTime || later.one_in(2)) continue;
    entry.path.clear();
    if (later.one_in(2)) config.linux_.time_offsets = {{"monotonic", {86'400, 0}}, {"boottime", {-1, 5}}};
  }
  if (later.one_in(2)) made.request.state.bundle = "/bundle";
  add_extras(seed, made, mapped);
  return made;
}

GeneratedProcess generate_process(std::uint64_t seed) {
  Random random(seed);
  GeneratedProcess made{.process = process(random), .facts = host(random), .request = request(random)};
  made.target.namespaces = random.some(std::vector(spec::kNamespaceTypes.begin(), spec::kNamespaceTypes.end()), 2);
  if (random.one_in(2)) made.target.root = "/proc/42/root";
  made.target.seccomp = seccomp(seed, !made.request.wait_for_start);
  add_later_fields(seed, made.process, made.facts);
  add_later_bounds(seed, made.target);
  Random later(seed + 4'000'000);
  if (later.one_in(3)) made.target.landlock = {{"/etc", spec::kLandlockRead}};
  if (later.one_in(2)) made.request.state = {.id = "box", .bundle = "/bundle", .pid = 42};
  for (const CgroupHierarchy& hierarchy : made.facts.hierarchies) {
    if (random.one_in(2)) made.target.cgroup_directories.push_back(hierarchy.path + "/caisson/x");
  }
  if (random.one_in(4)) made.target.systemd_unit = "box-1.scope";
  return made;
}

}  // namespace caisson
