#include "cli/run_options.h"

#include <algorithm>
#include <array>
#include <limits>

#include "cli/run_setters.h"
#include "engine/device_grammar.h"
#include "engine/isolation_grammar.h"
#include "engine/mount_grammar.h"
#include "engine/secret_grammar.h"
#include "engine/value_grammar.h"

namespace caisson::cli {

namespace {

using engine::HealthChoice;
using engine::RunOptions;

// --- the table ---------------------------------------------------------------------------------------------------
// name, letter, argument, group, help, repeated: the order is that of --help.

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostInt = std::numeric_limits<std::int32_t>::max();

constexpr std::string_view kStart = "Starting";
constexpr std::string_view kHealth = "Health";
constexpr std::string_view kProcess = "The process";
constexpr std::string_view kFiles = "Files and devices";
constexpr std::string_view kLimits = kLimitsGroup;
constexpr std::string_view kRights = "Rights";
constexpr std::string_view kSharing = "Namespaces and network";

constexpr Option<RunInput> kTable[] = {
    {{"interactive", 'i', "", kStart, "Keep standard input open"}, flag<&RunOptions::interactive>},
    {{"tty", 't', "", kStart, "Give it a terminal of its own"}, flag<&RunOptions::tty>},
    {{"detach", 'd', "", kStart, "Run it in the background, and print its id"}, flag<&RunOptions::detach>},
    {{"attach", 'a', "STREAM", kStart, "Stay with its stdin, stdout or stderr alone (default all it has)", true},
     accumulate<&RunOptions::attached, engine::read_attached_stream>},
    {{"rm", 0, "", kStart, "Remove the container when it has ended"}, flag<&RunOptions::remove>},
    {{"rmi", 0, "", kStart, "Remove it, and then its image, unless other containers need that"}, set_remove_image},
    {{"name", 0, "NAME", kStart, "Call it NAME"}, value<&RunOptions::name, engine::read_name>},
    {{"replace", 0, "", kStart, "Remove a container that has the name first, also one that runs"},
     flag<&RunOptions::replace>},
    {{"restart", 0, "POLICY", kStart, "Start it again when it has ended: no, on-failure[:N], always or unless-stopped"},
     value<&RunOptions::restart, engine::read_restart_policy>},
    {{"log-driver", 0, "NAME", kStart, "How its log is kept: k8s-file (default), json-file, journald or none"},
     accumulate<&RunOptions::log, engine::read_log_driver>},
    {{"log-opt", 0, "KEY=VALUE", kStart, "max-size (10m), max-file (3) and path of a file; tag in the journal", true},
     accumulate<&RunOptions::log, engine::read_log_option>},
    {{"cidfile", 0, "FILE", kStart, "Write its id to FILE"}, value<&RunOptions::cidfile, as_it_stands>},
    {{"pidfile", 0, "FILE", kStart, "Write the pid of its process to FILE, for as long as it runs"},
     value<&RunOptions::pid_file, as_it_stands>},
    {{"conmon-pidfile", 0, "FILE", kStart, "The same of the process that keeps it"},
     value<&RunOptions::keeper_pid_file, as_it_stands>},
    {{"requires", 0, "CONTAINER", kStart, "Start that container first, if it does not run", true},
     accumulate<&RunOptions::requirements, read_requirements>},
    {{"pod", 0, "POD", kStart, "Make it a container of that pod; new:NAME makes the pod too"},
     value<&RunOptions::pod, as_it_stands>},
    {{"pod-id-file", 0, "FILE", kStart, "Of the pod whose id is in FILE"},
     value<&RunOptions::pod_id_file, as_it_stands>},
    {{"init-ctr", 0, "WHEN", kStart, "It runs to its end before the pod's others start: always, or once"},
     set_init_container},
    {{"sha256", 0, "HEX", kStart, "Refuse a SOURCE with any other content"},
     value<&RunOptions::sha256, engine::read_sha256>},
    {{"rootfs", 0, "", kStart, "SOURCE is a directory, whatever images there are"}, flag<&RunOptions::is_rootfs>},
    {{"pull", 0, "WHEN", kStart, "Pull the image missing (the default), always, never or newer"},
     value<&RunOptions::pull, engine::read_pull_policy>},
    {{"platform", 0, "OS/ARCH[/VARIANT]", kStart, "Take the image for that platform (default the host's)"},
     value<&RunOptions::platform, as_it_stands>},
    {{"quiet", 'q', "", kStart, "Show no progress of pulling and unpacking"}, flag<&RunOptions::quiet>},
    {{"authfile", 0, "FILE", kStart, "Take the registry's credentials from FILE"},
     value<&RunOptions::authfile, as_it_stands>},
    {{"tls-verify", 0, "", kStart, "Check the registry's certificate (default true)"}, flag<&RunOptions::tls_verify>},
    {{"label", 'l', "NAME=VALUE", kStart, "Put a label on it", true}, pair<&RunOptions::labels, engine::read_label>},
    {{"label-file", 0, "FILE", kStart, "Put the labels on it that stand in FILE, one a line", true}, set_label_file},
    {{"annotation", 0, "NAME=VALUE", kStart, "Put an annotation into its configuration", true},
     pair<&RunOptions::annotations, engine::read_assignment>},
    {{"sig-proxy", 0, "", kStart, "Pass signals on to the process (default true)"}, flag<&RunOptions::sig_proxy>},
    {{"detach-keys", 0, "KEYS", kStart, "What to type to leave it running (default ctrl-p,ctrl-q)"},
     value<&RunOptions::detach_keys, engine::read_detach_keys>},
    {{"preserve-fds", 0, "N", kStart, "Pass on N more open files, from number 3"},
     number<&RunOptions::preserve_fds, 0, 1 << 20>},
    {{"sdnotify", 0, "WHEN", kStart,
      "Tell the caller's service manager that it is ready: conmon (as it runs), container (as it says itself), "
      "healthy"},
     value<&RunOptions::readiness, engine::read_readiness>},
    {{"timeout", 0, "SECONDS", kStart, "Kill it after that time"}, number<&RunOptions::timeout_s, 0, kMostInt>},
    {{"stop-signal", 0, "SIGNAL", kStart, "What stops it (default SIGTERM)"},
     value<&RunOptions::stop_signal, engine::read_signal>},
    {{"stop-timeout", 0, "SECONDS", kStart, "How long stopping waits before it kills (default 10; -1: for ever)"},
     number<&RunOptions::stop_timeout_s, -1, kMostInt>},
    {{"timings", 0, "", kStart, "Print what each step of the start took"}, flag<&RunOptions::timings>},

    {{"health-cmd", 0, "COMMAND", kHealth, "Command that succeeds as long as the container is well; none for none"},
     health<&HealthChoice::test, engine::read_health_command>},
    {{"health-interval", 0, "DURATION", kHealth, "How often to check (default the image's, or 30s)"},
     health<&HealthChoice::interval, engine::read_duration>},
    {{"health-timeout", 0, "DURATION", kHealth, "How long a check may take (default the image's, or 30s)"},
     health<&HealthChoice::timeout, engine::read_duration>},
    {{"health-retries", 0, "N", kHealth, "Failures in a row that make it unhealthy (default the image's, or 3)"},
     health<&HealthChoice::retries, read_retries>},
    {{"health-start-period", 0, "DURATION", kHealth, "Time at its start in which failures do not count"},
     health<&HealthChoice::start_period, engine::read_duration>},
    {{"health-start-interval", 0, "DURATION", kHealth, "How often to check in that time (default 5s)"},
     health<&HealthChoice::start_interval, engine::read_duration>},
    {{"health-on-failure", 0, "ACTION", kHealth, "When it becomes unhealthy: none, kill, restart or stop"},
     health<&HealthChoice::on_failure, engine::read_on_unhealthy>},
    {{"no-healthcheck", 0, "", kHealth, "Make no checks, whatever the image says"}, set_no_healthcheck},

    {{"env", 'e', "NAME[=VALUE]", kProcess, "Set a variable, or pass on the caller's", true}, set_env},
    {{"env-file", 0, "FILE", kProcess, "Set the variables that stand in FILE, one a line", true}, set_env_file},
    {{"env-host", 0, "", kProcess, "Pass on all variables of the caller, below those of the image"},
     flag<&RunOptions::host_environment>},
    {{"http-proxy", 0, "", kProcess, "Pass on the caller's variables http_proxy and the like (default true)"},
     flag<&RunOptions::proxy_variables>},
    {{"unsetenv", 0, "NAME", kProcess, "Leave out a variable that the image, or caisson, would set", true},
     append<&RunOptions::unset_variables, as_it_stands>},
    {{"unsetenv-all", 0, "", kProcess, "Leave out all of them"}, flag<&RunOptions::unset_all_variables>},
    {{"workdir", 'w', "DIR", kProcess, "Start in DIR"}, value<&RunOptions::workdir, engine::read_absolute_path>},
    {{"user", 'u', "USER[:GROUP]", kProcess, "Run as that user, by name or number (default the image's, or root)"},
     text<&RunOptions::user>},
    {{"group-add", 0, "GROUP", kProcess, "A further group, by name or number", true},
     append<&RunOptions::groups, as_it_stands>},
    {{"passwd", 0, "", kProcess, "Give a user without a line in the image's /etc/passwd one (default true)"},
     flag<&RunOptions::adds_user>},
    {{"passwd-entry", 0, "LINE", kProcess, "That line, with $USERNAME, $UID, $GID, $NAME and $HOME"},
     value<&RunOptions::user_entry, as_it_stands>},
    {{"entrypoint", 0, "COMMAND", kProcess,
      "Put this, a word or a JSON array, before the command, in place of the image's"},
     value<&RunOptions::entrypoint, engine::read_entrypoint>},
    {{"init", 0, "", kProcess, "Run a small init first, which passes signals on and reaps"}, flag<&RunOptions::init>},
    {{"init-path", 0, "FILE", kProcess, "The program of the host that --init runs: static, called with -- COMMAND"},
     value<&RunOptions::init_path, as_it_stands>},
    {{"systemd", 0, "HOW", kProcess,
      "What an init system needs: true gives it to systemd and /sbin/init (the default), always, or false"},
     value<&RunOptions::systemd, engine::read_systemd_mode>},
    {{"personality", 0, "WHICH", kProcess, "What the kernel pretends to be: LINUX or LINUX32"},
     value<&RunOptions::personality, engine::read_personality>},
    {{"umask", 0, "MASK", kProcess, "Its file mode creation mask (default 0022)"},
     value<&RunOptions::umask, engine::read_umask>},
    {{"ulimit", 0, "NAME=SOFT[:HARD]", kProcess, "A limit of the process itself; host: the caller's", true},
     set_ulimit},
    {{"oom-score-adj", 0, "N", kProcess, "How readily it is killed when memory is short (-1000 to 1000)"},
     number<&RunOptions::oom_score_adj, -1000, 1000>},

    {{"volume", 'v', "[SOURCE:]DEST[:OPTIONS]", kFiles,
      "Show a volume, or a directory or file of the host, inside (ro, rw, O, U, nocopy, rro, rslave, …)", true},
     append<&RunOptions::mounts, engine::read_volume>},
    {{"mount", 0, "type=TYPE,KEY=VALUE,…", kFiles, "The same, or a tmpfs, or an image, spelled out", true},
     append<&RunOptions::mounts, engine::read_mount>},
    {{"volumes-from", 0, "CONTAINER[:ro]", kFiles, "The volumes and directories that another container has", true},
     append<&RunOptions::volumes_from, engine::read_volumes_from>},
    {{"image-volume", 0, "HOW", kFiles,
      "The volumes that the image asks for: bind (the default) makes them, tmpfs, or ignore"},
     value<&RunOptions::image_volumes, engine::read_image_volumes>},
    {{"secret", 0, "NAME[,KEY=VALUE…]", kFiles,
      "A secret, at /run/secrets/NAME (target=, uid=, gid=, mode=), or as a variable (type=env)", true},
     append<&RunOptions::secrets, engine::read_secret>},
    {{"tmpfs", 0, "DEST[:OPTIONS]", kFiles, "An empty directory in memory (size=, mode=, exec, …)", true},
     append<&RunOptions::mounts, engine::read_tmpfs>},
    {{"chrootdirs", 0, "DIR[,DIR…]", kFiles, "Bind what is generated (/etc/hosts and the like) below DIR, too", true},
     accumulate<&RunOptions::chroot_directories, engine::read_directories>},
    {{"read-only", 0, "", kFiles, "Make its root filesystem read-only; /run, /tmp and /var/tmp are in memory"},
     flag<&RunOptions::read_only>},
    {{"read-only-tmpfs", 0, "", kFiles, "With --read-only: those three (default true)"},
     flag<&RunOptions::read_only_tmpfs>},
    {{"tz", 0, "ZONE", kFiles, "Its /etc/localtime: the host's file for Europe/Berlin, or local for the host's own"},
     value<&RunOptions::timezone, engine::read_timezone>},
    {{"shm-size", 0, "SIZE", kFiles, "Of /dev/shm (default 64m; 0: no limit)"},
     value<&RunOptions::shm_size_bytes, engine::read_size>},
    {{"device", 0, "SOURCE[:DEST[:rwm]]", kFiles, "A device of the host", true},
     append<&RunOptions::devices, engine::read_device>},
    {{"device-cgroup-rule", 0, "RULE", kFiles, "Let it use devices that it has or makes: 'c 42:* rmw'", true},
     append<&RunOptions::device_rules, engine::read_device_rule>},

    {{"memory", 'm', "SIZE", kLimits, "Memory (100m, 1.5g)"}, value<&RunOptions::memory_bytes, engine::read_size>},
    {{"memory-swap", 0, "SIZE", kLimits, "Memory and swap together (default twice the memory; -1: no limit)"},
     value<&RunOptions::memory_swap_bytes, engine::read_size_or_unlimited>},
    {{"memory-reservation", 0, "SIZE", kLimits, "Memory it is pushed back to when the host runs short"},
     value<&RunOptions::memory_reservation_bytes, engine::read_size>},
    {{"memory-swappiness", 0, "N", kLimits, "How readily its memory is swapped (0 to 100)"},
     number<&RunOptions::memory_swappiness, -1, 100>},
    {{"cpus", 0, "N", kLimits, "CPUs' worth of time (1.5)"}, value<&RunOptions::nano_cpus, engine::read_nano_cpus>},
    {{"cpu-shares", 'c', "N", kLimits, "Weight when CPUs are short (1024 is usual)"},
     number<&RunOptions::cpu_shares, 0, kMost>},
    {{"cpu-quota", 0, "MICROSECONDS", kLimits, "CPU time in each period"},
     number<&RunOptions::cpu_quota_us, -1, kMost>},
    {{"cpu-period", 0, "MICROSECONDS", kLimits, "Length of a period"}, number<&RunOptions::cpu_period_us, 0, kMost>},
    {{"cpu-rt-runtime", 0, "MICROSECONDS", kLimits, "CPU time of its real-time tasks in each period (cgroup v1)"},
     number<&RunOptions::cpu_rt_runtime_us, -1, kMost>},
    {{"cpu-rt-period", 0, "MICROSECONDS", kLimits, "Length of such a period (cgroup v1)"},
     number<&RunOptions::cpu_rt_period_us, 0, kMost>},
    {{"cpuset-cpus", 0, "LIST", kLimits, "The CPUs it may use (0-3,5)"},
     value<&RunOptions::cpuset_cpus, engine::read_cpu_list>},
    {{"cpuset-mems", 0, "LIST", kLimits, "The memory nodes it may use"},
     value<&RunOptions::cpuset_mems, engine::read_cpu_list>},
    {{"pids-limit", 0, "N", kLimits, "Processes and threads (default 2048; -1: no limit)"},
     number<&RunOptions::pids_limit, -1, kMost>},
    {{"blkio-weight", 0, "N", kLimits, "Weight when disks are busy (10 to 1000)"},
     number<&RunOptions::blkio_weight, 0, 1000>},
    {{"blkio-weight-device", 0, "DEVICE:N", kLimits, "The same for one disk", true},
     append<&RunOptions::blkio_weights, engine::read_device_weight>},
    {{"device-read-bps", 0, "DEVICE:SIZE", kLimits, "Bytes a second that it may read from a disk", true},
     append<&RunOptions::read_bps, engine::read_device_bytes>},
    {{"device-write-bps", 0, "DEVICE:SIZE", kLimits, "Bytes a second that it may write to a disk", true},
     append<&RunOptions::write_bps, engine::read_device_bytes>},
    {{"device-read-iops", 0, "DEVICE:N", kLimits, "Reads a second", true},
     append<&RunOptions::read_iops, engine::read_device_operations>},
    {{"device-write-iops", 0, "DEVICE:N", kLimits, "Writes a second", true},
     append<&RunOptions::write_iops, engine::read_device_operations>},
    {{"oom-kill-disable", 0, "", kLimits, "Let it wait, not die, when its memory is used up (cgroup v1)"},
     flag<&RunOptions::oom_kill_disable>},
    {{"cgroup-conf", 0, "FILE=VALUE", kLimits, "Write to a file of its cgroup v2: memory.oom.group=1", true},
     set_cgroup_file},
    {{"cgroup-parent", 0, "PATH", kLimits, "The cgroup to make its own in (default the top)"},
     value<&RunOptions::cgroup_parent, as_it_stands>},
    {{"cgroups", 0, "HOW", kLimits, "Whether it has a cgroup: enabled (the default), no-conmon, or disabled"},
     value<&RunOptions::makes_cgroup, engine::read_cgroups>},

    {{"cap-add", 0, "CAPABILITY", kRights, "Give it a capability, or ALL", true},
     accumulate<&RunOptions::cap_add, engine::read_capability>},
    {{"cap-drop", 0, "CAPABILITY", kRights, "Take a capability away, or ALL", true},
     accumulate<&RunOptions::cap_drop, engine::read_capability>},
    {{"privileged", 0, "", kRights, "Give it everything the caller has: it can take over the host"},
     flag<&RunOptions::privileged>},
    {{"security-opt", 0, "OPTION", kRights,
      "seccomp=FILE, seccomp=unconfined, no-new-privileges, mask=PATH, unmask=PATH, …", true},
     accumulate<&RunOptions::security, engine::read_security>},
    {{"sysctl", 0, "NAME=VALUE", kRights, "Set a kernel parameter of its own namespaces", true}, set_sysctl},

    {{"network", 0, "WHICH", kSharing,
      "none, host, bridge (the default of root), a network's NAME[:ip=…,mac=…,alias=…], container:NAME or ns:PATH",
      true},
     set_network},
    {{"net", 0, "WHICH", kSharing, "", true, "network"}, set_network},
    {{"publish", 'p', "[[ADDRESS:]HOST:]PORT", kSharing,
      "Have a port of the host lead to one of its own: 8080:80, 127.0.0.1:53:53/udp, 8000-8009:80-89", true},
     append<&RunOptions::ports, network::read_port>},
    {{"publish-all", 'P', "", kSharing, "The same for every port that it notes, at ports of the host that are free"},
     flag<&RunOptions::publish_all>},
    {{"ip", 0, "ADDRESS", kSharing, "Its IPv4 address on its network"}, set_ipv4},
    {{"ip6", 0, "ADDRESS", kSharing, "Its IPv6 address on its network"}, set_ipv6},
    {{"mac-address", 0, "ADDRESS", kSharing, "The address of its network device"}, set_mac},
    {{"network-alias", 0, "NAME", kSharing, "One more name that others of its networks find it by", true},
     append<&RunOptions::network_aliases, read_alias>},
    {{"net-alias", 0, "NAME", kSharing, "", true, "network-alias"}, append<&RunOptions::network_aliases, read_alias>},
    {{"pid", 0, "WHICH", kSharing, "PID namespace: private, host, container:NAME or ns:PATH"},
     value<&RunOptions::pid, engine::read_namespace>},
    {{"ipc", 0, "WHICH", kSharing, "IPC namespace: the same, shareable or none"},
     value<&RunOptions::ipc, engine::read_ipc>},
    {{"uts", 0, "WHICH", kSharing, "UTS namespace, with the names"}, value<&RunOptions::uts, engine::read_namespace>},
    {{"cgroupns", 0, "WHICH", kSharing, "Cgroup namespace"}, value<&RunOptions::cgroupns, engine::read_namespace>},
    {{"userns", 0, "WHICH", kSharing, "User namespace: host, keep-id, auto, container:NAME or ns:PATH"},
     value<&RunOptions::userns, engine::read_user_namespace>},
    {{"uidmap", 0, "INSIDE:OUTSIDE[:SIZE]", kSharing, "A user namespace with these users", true},
     append<&RunOptions::uidmaps, engine::read_id_mapping>},
    {{"gidmap", 0, "INSIDE:OUTSIDE[:SIZE]", kSharing, "A user namespace with these groups", true},
     append<&RunOptions::gidmaps, engine::read_id_mapping>},
    {{"hostname", 'h', "NAME", kSharing, "Its host name (default the start of its id)"},
     value<&RunOptions::hostname, engine::read_host_name>},
    {{"domainname", 0, "NAME", kSharing, "Its NIS domain name"},
     value<&RunOptions::domainname, engine::read_host_name>},
    {{"add-host", 0, "NAME:ADDRESS", kSharing, "A line of its /etc/hosts", true},
     append<&RunOptions::hosts, engine::read_host_address>},
    {{"no-hosts", 0, "", kSharing, "Leave its /etc/hosts as it is"}, flag<&RunOptions::no_hosts>},
    {{"dns", 0, "ADDRESS", kSharing, "A name server, for its /etc/resolv.conf", true},
     append<&RunOptions::dns, engine::read_address>},
    {{"dns-search", 0, "DOMAIN", kSharing, "A domain that names are looked for in; '.': none", true},
     append<&RunOptions::dns_search, engine::read_domain>},
    {{"dns-option", 0, "OPTION", kSharing, "An option of its /etc/resolv.conf: ndots:2", true},
     append<&RunOptions::dns_options, engine::read_word>},
    {{"dns-opt", 0, "OPTION", kSharing, "", true, "dns-option"}, append<&RunOptions::dns_options, engine::read_word>},
    {{"expose", 0, "PORT[-PORT][/PROTOCOL]", kSharing, "Note that it listens there", true},
     accumulate<&RunOptions::exposed_ports, engine::read_exposed>},
    {{"no-hostname", 0, "", kSharing, "Leave its /etc/hostname as it is"}, flag<&RunOptions::no_hostname>},

    // docker's and podman's options that are not there yet: known, so that none is ever ignored.
    {{"disable-content-trust"}},
    {{"gpus", 0, "REQUEST"}},
    {{"hostuser", 0, "NAME"}},
    {{"isolation", 0, "HOW"}},
    {{"kernel-memory", 0, "SIZE"}},
    {{"link", 0, "NAME"}},
    {{"link-local-ip", 0, "ADDRESS"}},
    {{"runtime", 0, "NAME"}},
    {{"storage-opt", 0, "KEY=VALUE"}},
    {{"subgidname", 0, "NAME"}},
    {{"subuidname", 0, "NAME"}},
    {{"use-api-socket"}},
    {{"variant", 0, "NAME"}},
    {{"volume-driver", 0, "NAME"}},
};

constexpr std::string_view kOperands = "[OPTION…] SOURCE [COMMAND [ARGUMENT…]]";
constexpr std::string_view kAbout =
    "Runs COMMAND (default the image's, or a shell) in a new container. SOURCE is an image, by name or id, which is "
    "pulled if it is not there; or a root filesystem: a directory (used in place; DIR:O puts an overlay over it), a "
    "tarball (`-` is standard input) or builtin:busybox.";

constexpr std::string_view kCreateAbout =
    "Makes a container as `caisson run` does, and leaves it to be started: prints its id.";

constexpr std::string_view kUpdateAbout =
    "Changes limits of containers, now and for their next starts, and whether they start again.";

// Where a cgroup lies cannot change.
std::vector<Option<RunInput>> update_table() {
  return run_rows([](const Spelling& row) {
    return (row.group == kLimitsGroup && row.name != "cgroup-parent" && row.name != "cgroups") || row.name == "restart";
  });
}

// What is about being there when it runs is for who starts it.
std::vector<Option<RunInput>> create_table() {
  constexpr std::array<std::string_view, 6> kOfStart = {"attach",    "detach",       "detach-keys",
                                                        "sig-proxy", "preserve-fds", "timings"};
  return run_rows([&](const Spelling& row) { return std::ranges::find(kOfStart, row.name) == kOfStart.end(); });
}

template <class Table>
Result<RunCommandLine> parse_container(const Table& table, const std::vector<std::string>& arguments,
                                       const Caller& caller) {
  RunInput input{.options = {}, .caller = caller};
  Parsed parsed = TRY(parse(table, input, arguments, Order::kBeforeOperands));
  if (parsed.help) return RunCommandLine{.help = true, .options = {}};
  TRY(set_default_network(input));
  if (parsed.operands.empty() || parsed.operands[0].empty()) {
    return fail(complaint("the image, or other SOURCE of the root filesystem, is missing",
                          "as in: caisson run builtin:busybox"));
  }
  if (input.options.detach && input.options.attached)
    return fail(complaint("--detach (-d) and --attach (-a) contradict each other"));
  input.options.create_words.insert(input.options.create_words.end(), parsed.operands.begin(), parsed.operands.end());
  if (input.options.membership.init != engine::InitWhen::kNot && input.options.pod.empty() &&
      input.options.pod_id_file.empty())
    return fail(complaint("--init-ctr: --pod says which pod's start it belongs to"));
  input.options.labels.merge(input.file_labels);
  input.options.source = std::move(parsed.operands[0]);
  input.options.command.assign(std::make_move_iterator(parsed.operands.begin() + 1),
                               std::make_move_iterator(parsed.operands.end()));
  return RunCommandLine{.help = false, .options = std::move(input.options)};
}

}  // namespace

std::vector<Option<RunInput>> run_rows(const std::function<bool(const Spelling&)>& wanted) {
  std::vector<Option<RunInput>> rows;
  for (const Option<RunInput>& row : kTable) {
    if (wanted(row.spelling)) rows.push_back(row);
  }
  return rows;
}

Result<RunCommandLine> parse_run(const std::vector<std::string>& arguments, const Caller& caller) {
  return parse_container(kTable, arguments, caller);
}

Result<RunCommandLine> parse_create(const std::vector<std::string>& arguments, const Caller& caller) {
  return parse_container(create_table(), arguments, caller);
}

Result<engine::RunOptions> choose_network(const std::vector<std::string>& words, const Caller& caller) {
  RunInput input{.options = {}, .caller = caller};
  for (const std::string& word : words) {
    const Use use{.name = "network", .value = word, .typed = "--network " + word};
    TRY_IN(use.typed, set_network(input, use));
    input.remember(use);
  }
  TRY(set_default_network(input));
  return std::move(input.options);
}

Result<UpdateCommandLine> parse_update(const std::vector<std::string>& arguments, const Caller& caller) {
  RunInput input{.options = {}, .caller = caller};
  Parsed parsed = TRY(parse(update_table(), input, arguments, Order::kAnywhere));
  return UpdateCommandLine{.options = std::move(input.options), .names = std::move(parsed.operands)};
}

Manual run_manual() {
  return {
      kOperands,
      kAbout,
      spellings(kTable),
      Order::kBeforeOperands,
      "caisson run --rm -it debian:12\n"
      "  A shell in Debian, which is gone when it ends.\n"
      "caisson run -d --name web --restart unless-stopped -m 100m nginx\n"
      "  A server in the background, which is started again when it ends.\n"
      "caisson run --rm builtin:busybox ps\n"
      "  A command in a root filesystem that is always there.",
      "The command's own; 128 and the signal's number if a signal ended it. 125: the container was not made; 126: the "
      "command cannot be executed; 127: it is not there."};
}

Manual create_manual() { return {kOperands, kCreateAbout, spellings(create_table()), Order::kBeforeOperands}; }

Manual update_manual() { return {"OPTION… CONTAINER…", kUpdateAbout, spellings(update_table())}; }

}  // namespace caisson::cli
