#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "cli/run_options.h"

namespace caisson::cli {
namespace {

using engine::NamespaceKind;
using engine::RunOptions;
using testing::ElementsAre;
using testing::HasSubstr;

const Caller kCaller = {
    .variable = [](const std::string& name) -> std::optional<std::string> {
      if (name == "EDITOR") return "vi";
      return std::nullopt;
    },
    .read_file = [](const std::string& path) -> Result<std::string> {
      if (path == "labels") return "a=file\nb=file\nbare\n";
      if (path == "good.env") return "# a comment\nA=1\nEDITOR\nMISSING\n";
      if (path == "bad.env") return "A=1\nB C=2\n";
      return fail(complaint("no such file"));
    },
};

RunOptions read(const std::vector<std::string>& options) {
  std::vector<std::string> arguments = options;
  arguments.emplace_back("rootfs");
  Result<RunCommandLine> line = parse_run(arguments, kCaller);
  EXPECT_TRUE(line) << line.error().text();
  return line ? line->options : RunOptions{};
}

std::string failure(const std::vector<std::string>& options) {
  std::vector<std::string> arguments = options;
  arguments.emplace_back("rootfs");
  const Result<RunCommandLine> line = parse_run(arguments, kCaller);
  return line ? "accepted" : line.error().text();
}

TEST(Run, SplitsSourceAndCommand) {
  const Result<RunCommandLine> line =
      parse_run({"-it", "--name", "box", "/rootfs", "ls", "-l", "--name", "x"}, kCaller);
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->options.interactive);
  EXPECT_TRUE(line->options.tty);
  EXPECT_EQ(line->options.name, "box");
  EXPECT_EQ(line->options.source, "/rootfs");
  EXPECT_THAT(line->options.command, ElementsAre("ls", "-l", "--name", "x"));
}

TEST(Run, NeedsASource) {
  EXPECT_EQ(parse_run({"-it"}, kCaller).error().text(),
            "the image, or other SOURCE of the root filesystem, is missing");
  EXPECT_EQ(parse_run({""}, kCaller).error().text(), "the image, or other SOURCE of the root filesystem, is missing");
  EXPECT_TRUE(parse_run({"--help"}, kCaller)->help);
}

// Each option once, with what it must have left behind.
struct ValueCase {
  const char* name;
  std::vector<std::string> arguments;
  bool (*check)(const RunOptions&);
};
void PrintTo(const ValueCase& value_case, std::ostream* out) { *out << value_case.name; }
class RunValueTest : public testing::TestWithParam<ValueCase> {};
TEST_P(RunValueTest, IsFilledIn) { EXPECT_TRUE(GetParam().check(read(GetParam().arguments))); }

using O = const RunOptions&;
INSTANTIATE_TEST_SUITE_P(
    Options, RunValueTest,
    testing::Values(ValueCase{"Detach", {"-d"}, [](O o) { return o.detach; }},
                    ValueCase{"Rm", {"--rm"}, [](O o) { return o.remove; }},
                    ValueCase{"RmFalse", {"--rm", "--rm=false"}, [](O o) { return !o.remove; }},
                    ValueCase{"Timings", {"--timings"}, [](O o) { return o.timings; }},
                    ValueCase{"SigProxy", {"--sig-proxy=false"}, [](O o) { return !o.sig_proxy; }},
                    ValueCase{"Cidfile", {"--cidfile", "f"}, [](O o) { return o.cidfile == "f"; }},
                    ValueCase{"Pidfile", {"--pidfile", "f"}, [](O o) { return o.pid_file == "f"; }},
                    ValueCase{"KeeperPidfile", {"--conmon-pidfile=f"}, [](O o) { return o.keeper_pid_file == "f"; }},
                    ValueCase{"Requires",
                              {"--requires", "a,b", "--requires=c"},
                              [](O o) { return o.requirements == std::vector<std::string>{"a", "b", "c"}; }},
                    ValueCase{"RemoveImage", {"--rmi"}, [](O o) { return o.remove_image && o.remove; }},
                    ValueCase{"Attach",
                              {"-a", "stdin", "-aSTDERR"},
                              [](O o) { return o.attached->input && !o.attached->output && o.attached->error; }},
                    ValueCase{"AttachAll", {"-i"}, [](O o) { return !o.attached; }},
                    ValueCase{"Sha256",
                              {"--sha256", std::string(64, 'A')},
                              [](O o) { return o.sha256 == std::string(64, 'a'); }},
                    ValueCase{"Label",
                              {"-l", "a=b", "--label", "c"},
                              [](O o) { return o.labels.at("a") == "b" && o.labels.at("c").empty(); }},
                    ValueCase{"LabelFile",
                              {"-l", "a=option", "--label-file", "labels"},
                              [](O o) {
                                return o.labels.at("a") == "option" && o.labels.at("b") == "file" &&
                                       o.labels.at("bare").empty();
                              }},
                    ValueCase{"Rootfs", {"--rootfs"}, [](O o) { return o.is_rootfs; }},
                    ValueCase{"Expose",
                              {"--expose", "80", "--expose", "79-80/tcp"},
                              [](O o) { return o.exposed_ports == std::vector<std::string>{"80/tcp", "79/tcp"}; }},
                    ValueCase{"EnvHost", {"--env-host"}, [](O o) { return o.host_environment; }},
                    ValueCase{"HttpProxy", {"--http-proxy=false"}, [](O o) { return !o.proxy_variables; }},
                    ValueCase{"Unsetenv",
                              {"--unsetenv", "A", "--unsetenv", "B"},
                              [](O o) { return o.unset_variables == std::vector<std::string>{"A", "B"}; }},
                    ValueCase{"UnsetenvAll", {"--unsetenv-all"}, [](O o) { return o.unset_all_variables; }},
                    ValueCase{"InitPath", {"--init-path", "i"}, [](O o) { return o.init_path == "i"; }},
                    ValueCase{
                        "Personality", {"--personality", "LINUX32"}, [](O o) { return o.personality == "LINUX32"; }},
                    ValueCase{"ImageVolume",
                              {"--image-volume", "tmpfs"},
                              [](O o) { return o.image_volumes == engine::ImageVolumes::kMemory; }},
                    ValueCase{"ReadOnlyTmpfs", {"--read-only-tmpfs=false"}, [](O o) { return !o.read_only_tmpfs; }},
                    ValueCase{"Timezone", {"--tz", "Etc/GMT+1"}, [](O o) { return o.timezone == "Etc/GMT+1"; }},
                    ValueCase{"DeviceRule",
                              {"--device-cgroup-rule", "c 42:* rw"},
                              [](O o) {
                                const engine::DeviceRuleChoice& rule = o.device_rules.at(0);
                                return rule.type == 'c' && rule.major == 42 && !rule.minor && rule.access == "rw" &&
                                       rule.typed == "--device-cgroup-rule 'c 42:* rw'";
                              }},
                    ValueCase{"CpuRealTime",
                              {"--cpu-rt-runtime", "5", "--cpu-rt-period", "7"},
                              [](O o) { return o.cpu_rt_runtime_us == 5 && o.cpu_rt_period_us == 7U; }},
                    ValueCase{"DeviceBytes",
                              {"--device-read-bps", "/dev/a:b:1m", "--device-write-bps", "/dev/b:2"},
                              [](O o) {
                                return o.read_bps.at(0).device == "/dev/a:b" && o.read_bps[0].value == 1048576 &&
                                       o.write_bps.at(0).value == 2;
                              }},
                    ValueCase{"DeviceOperations",
                              {"--device-read-iops", "/dev/a:3", "--device-write-iops", "/dev/a:4"},
                              [](O o) { return o.read_iops.at(0).value == 3 && o.write_iops.at(0).value == 4; }},
                    ValueCase{"DeviceWeight",
                              {"--blkio-weight-device", "/dev/a:10"},
                              [](O o) { return o.blkio_weights.at(0).value == 10; }},
                    ValueCase{"OomKillDisable", {"--oom-kill-disable"}, [](O o) { return o.oom_kill_disable; }},
                    ValueCase{"NoHostname", {"--no-hostname"}, [](O o) { return o.no_hostname; }},
                    ValueCase{"DnsRest",
                              {"--dns-search", ".", "--dns-opt", "ndots:2", "--dns-option", "rotate"},
                              [](O o) {
                                return o.dns_search == std::vector<std::string>{"."} &&
                                       o.dns_options == std::vector<std::string>{"ndots:2", "rotate"};
                              }},
                    ValueCase{"Annotation", {"--annotation", "a=b"}, [](O o) { return o.annotations.at("a") == "b"; }},
                    ValueCase{
                        "DetachKeys", {"--detach-keys", "ctrl-a,x"}, [](O o) { return o.detach_keys == "\x01x"; }},
                    ValueCase{"DetachKeysDefault", {}, [](O o) { return o.detach_keys == "\x10\x11"; }},
                    ValueCase{"PreserveFds", {"--preserve-fds", "2"}, [](O o) { return o.preserve_fds == 2; }},
                    ValueCase{"Timeout", {"--timeout", "5"}, [](O o) { return o.timeout_s == 5; }},
                    ValueCase{"StopSignal", {"--stop-signal", "INT"}, [](O o) { return o.stop_signal == 2; }},
                    ValueCase{"StopTimeout", {"--stop-timeout", "-1"}, [](O o) { return o.stop_timeout_s == -1; }},
                    ValueCase{"Env",
                              {"-e", "A=1", "-e", "EDITOR", "-e", "MISSING"},
                              [](O o) {
                                return o.env == std::vector<engine::EnvironmentVariable>{{"A", "1"}, {"EDITOR", "vi"}};
                              }},
                    ValueCase{"EnvFile",
                              {"--env-file", "good.env"},
                              [](O o) {
                                return o.env_files ==
                                       std::vector<engine::EnvironmentVariable>{{"A", "1"}, {"EDITOR", "vi"}};
                              }},
                    ValueCase{"Workdir", {"-w", "/a//b/."}, [](O o) { return o.workdir == "/a/b"; }},
                    ValueCase{"User", {"-u", "1:2"}, [](O o) { return o.user == "1:2"; }},
                    ValueCase{"GroupAdd",
                              {"--group-add", "a", "--group-add", "7"},
                              [](O o) { return o.groups.size() == 2 && o.groups[1] == "7"; }},
                    ValueCase{"Entrypoint",
                              {"--entrypoint", "/bin/x"},
                              [](O o) { return o.entrypoint == std::vector<std::string>{"/bin/x"}; }},
                    ValueCase{"EntrypointArray",
                              {"--entrypoint", R"(["a","b c"])"},
                              [](O o) { return o.entrypoint == std::vector<std::string>{"a", "b c"}; }},
                    ValueCase{
                        "EntrypointNone",
                        {"--entrypoint", ""},
                        [](O o) { return o.entrypoint.has_value() && o.entrypoint->empty(); }},
                    ValueCase{"Init", {"--init"}, [](O o) { return o.init; }},
                    ValueCase{"Umask", {"--umask", "077"}, [](O o) { return o.umask == 077U; }},
                    ValueCase{
                        "Ulimit",
                        {"--ulimit", "nofile=1:2"},
                        [](O o) { return o.ulimits[0].soft == 1 && o.ulimits[0].typed == "--ulimit nofile=1:2"; }},
                    ValueCase{
                        "UlimitHost", {"--ulimit", "host"}, [](O o) { return o.host_ulimits && o.ulimits.empty(); }},
                    ValueCase{"OomScoreAdj", {"--oom-score-adj", "-500"}, [](O o) { return o.oom_score_adj == -500; }},
                    ValueCase{"Volume",
                              {"-v", "/a:/b:ro"},
                              [](O o) { return o.mounts[0].source == "/a" && o.mounts[0].typed == "-v /a:/b:ro"; }},
                    ValueCase{"MountsKeepTheirOrder",
                              {"--tmpfs", "/t", "--mount", "type=bind,src=/a,dst=/m", "-v", "/b:/v"},
                              [](O o) {
                                return o.mounts.size() == 3 && o.mounts[0].destination == "/t" &&
                                       o.mounts[2].destination == "/v";
                              }},
                    ValueCase{"ReadOnly", {"--read-only"}, [](O o) { return o.read_only; }},
                    ValueCase{"ShmSize", {"--shm-size", "1m"}, [](O o) { return o.shm_size_bytes == 1048576; }},
                    ValueCase{"Device", {"--device", "/dev/kvm"}, [](O o) { return o.devices[0].access == "rwm"; }},
                    ValueCase{"Memory",
                              {"-m100m"},
                              [](O o) { return o.memory_bytes == 104857600 && o.typed.at("memory") == "-m 100m"; }},
                    ValueCase{"SmallMemory", {"-m", "512k"}, [](O o) { return o.memory_bytes == 524288; }},
                    ValueCase{"MemorySwap", {"--memory-swap", "-1"}, [](O o) { return o.memory_swap_bytes == -1; }},
                    ValueCase{"MemoryReservation",
                              {"--memory-reservation", "1g"},
                              [](O o) { return o.memory_reservation_bytes == 1 << 30; }},
                    ValueCase{"Swappiness", {"--memory-swappiness", "0"}, [](O o) { return o.memory_swappiness == 0; }},
                    ValueCase{"Cpus", {"--cpus", "1.5"}, [](O o) { return o.nano_cpus == 1500000000; }},
                    ValueCase{"CpuShares", {"-c", "512"}, [](O o) { return o.cpu_shares == 512U; }},
                    ValueCase{"CpuQuota", {"--cpu-quota", "-1"}, [](O o) { return o.cpu_quota_us == -1; }},
                    ValueCase{"CpuPeriod", {"--cpu-period", "50000"}, [](O o) { return o.cpu_period_us == 50000U; }},
                    ValueCase{"CpusetCpus", {"--cpuset-cpus", "0-1"}, [](O o) { return o.cpuset_cpus == "0-1"; }},
                    ValueCase{"CpusetMems", {"--cpuset-mems", "0"}, [](O o) { return o.cpuset_mems == "0"; }},
                    ValueCase{"PidsLimit", {"--pids-limit", "-1"}, [](O o) { return o.pids_limit == -1; }},
                    ValueCase{"BlkioWeight", {"--blkio-weight", "10"}, [](O o) { return o.blkio_weight == 10; }},
                    ValueCase{"CgroupParent", {"--cgroup-parent", "/x"}, [](O o) { return o.cgroup_parent == "/x"; }},
                    ValueCase{"Capabilities",
                              {"--cap-drop", "ALL", "--cap-add", "chown", "--cap-add", "CAP_KILL"},
                              [](O o) {
                                return o.cap_drop.all && o.cap_add.mask == 0x21 &&
                                       o.typed.at("cap-add") == "--cap-add chown --cap-add CAP_KILL";
                              }},
                    ValueCase{"Privileged", {"--privileged"}, [](O o) { return o.privileged; }},
                    ValueCase{"SecurityOpt",
                              {"--security-opt", "no-new-privileges", "--security-opt", "seccomp=unconfined"},
                              [](O o) { return o.security.no_new_privileges && o.security.seccomp_unconfined; }},
                    ValueCase{
                        "Sysctl",
                        {"--sysctl", "net.a=1 2"},
                        [](O o) { return o.sysctls[0].value == "1 2" && o.sysctls[0].typed == "--sysctl 'net.a=1 2'"; }},
                    ValueCase{"NetworkDefault", {}, [](O o) { return o.network.kind == NamespaceKind::kPrivate; }},
                    ValueCase{
                        "Network", {"--network", "host"}, [](O o) { return o.network.kind == NamespaceKind::kHost; }},
                    ValueCase{
                        "Net",
                        {"--net=host"},
                        [](O o) { return o.network.kind == NamespaceKind::kHost && o.typed.contains("network"); }},
                    ValueCase{"Pid",
                              {"--pid", "container:a"},
                              [](O o) { return o.pid == engine::NamespaceChoice{NamespaceKind::kContainer, "a"}; }},
                    ValueCase{"Ipc", {"--ipc", "none"}, [](O o) { return o.ipc.kind == NamespaceKind::kNone; }},
                    ValueCase{"Uts", {"--uts", "host"}, [](O o) { return o.uts.kind == NamespaceKind::kHost; }},
                    ValueCase{"Cgroupns",
                              {"--cgroupns", "host"},
                              [](O o) { return o.cgroupns.kind == NamespaceKind::kHost; }},
                    ValueCase{"Userns", {"--userns", "host"}, [](O o) { return o.typed.contains("userns"); }},
                    ValueCase{"Hostname", {"-h", "box"}, [](O o) { return o.hostname == "box"; }},
                    ValueCase{
                        "Domainname", {"--domainname", "d.example"}, [](O o) { return o.domainname == "d.example"; }},
                    ValueCase{"AddHost", {"--add-host", "a:::1"}, [](O o) { return o.hosts[0].address == "::1"; }},
                    ValueCase{"NoHosts", {"--no-hosts"}, [](O o) { return o.no_hosts; }},
                    ValueCase{"Dns", {"--dns", "1.1.1.1", "--dns", "::1"}, [](O o) { return o.dns.size() == 2; }}),
    [](const auto& row) { return row.param.name; });

TEST(Run, NamesTheOptionThatIsWrong) {
  EXPECT_EQ(failure({"-m", "10x"}), "-m 10x: not a size: '10x'");
  EXPECT_EQ(failure({"--memory=-1"}), "--memory -1: not a size: '-1'");
  EXPECT_EQ(failure({"--cpus", "x"}), "--cpus x: not a number of CPUs: 'x'");
  EXPECT_EQ(failure({"--oom-score-adj", "1001"}), "--oom-score-adj 1001: 1001 is not between -1000 and 1000");
  EXPECT_EQ(failure({"--pids-limit", "-2"}), "--pids-limit -2: -2 is less than -1");
  EXPECT_EQ(failure({"-v", "data:/x:oops"}), "-v data:/x:oops: unknown mount option 'oops'");
  EXPECT_EQ(failure({"--volumes-from", "web:rw,no"}), "--volumes-from web:rw,no: 'no' is none of ro, rw, z");
  EXPECT_EQ(failure({"--name", "-a"}), "--name -a: not a name for a container: '-a'");
  EXPECT_EQ(failure({"-w", "tmp"}), "-w tmp: 'tmp' is not an absolute path");
  EXPECT_EQ(failure({"--env-file", "bad.env"}), "--env-file bad.env: line 2: the name 'B C' has blanks in it");
  EXPECT_EQ(failure({"--env-file", "none"}), "--env-file none: no such file");
  EXPECT_EQ(failure({"--network", "web:ip=x"}), "--network web:ip=x: 'x' is no IPv4 address");
  EXPECT_EQ(failure({"--network", "web", "--network", "none"}),
            "--network none: 'none': a container is on several networks, or has one of the others");
  EXPECT_EQ(failure({"--network", "pasta", "--network", "web"}),
            "--network web: 'web': a container is on several networks, or has one of the others");
  EXPECT_EQ(failure({"--network", "web", "--network", "back"}), "accepted");
  EXPECT_EQ(failure({"-p", "80:0"}), "-p 80:0: '80:0' is no port to publish");
  EXPECT_EQ(failure({"--ip", "::1"}), "--ip ::1: '::1' is no IPv4 address");
  EXPECT_EQ(failure({"--mac-address", "x"}), "--mac-address x: 'x' is no address of a network device");
  EXPECT_EQ(failure({"--userns", "nomap"}), "--userns nomap: no such user namespace: 'nomap'");
  EXPECT_EQ(failure({"--expose", "0"}), "--expose 0: not a port or a range of ports: '0'");
  EXPECT_EQ(failure({"--expose", "1/ip"}), "--expose 1/ip: not tcp, udp or sctp: 'ip'");
  EXPECT_EQ(failure({"--dns-search", "a b"}), "--dns-search 'a b': not a domain: 'a b'");
  EXPECT_EQ(failure({"--dns-option", "a\nb"}).substr(0, 12), "--dns-option");
  EXPECT_EQ(failure({"--tz", "a/../b"}), "--tz a/../b: not a time zone: 'a/../b'");
  EXPECT_EQ(failure({"--personality", "BSD"}), "--personality BSD: 'BSD' is neither LINUX nor LINUX32");
  EXPECT_EQ(failure({"--image-volume", "x"}), "--image-volume x: 'x' is none of bind, anonymous, tmpfs, ignore");
  EXPECT_EQ(failure({"--device-cgroup-rule", "c 1 r"}),
            "--device-cgroup-rule 'c 1 r': 'c 1 r' is not TYPE MAJOR:MINOR ACCESS");
  EXPECT_EQ(failure({"--device-cgroup-rule", "c 1:1 x"}),
            "--device-cgroup-rule 'c 1:1 x': 'x' is not made of r, w and m");
  EXPECT_EQ(failure({"--device-read-bps", "sda:1"}),
            "--device-read-bps sda:1: 'sda:1' is not DEVICE:SIZE, as in /dev/sda:1m");
  EXPECT_EQ(failure({"--blkio-weight-device", "/dev/a:9"}),
            "--blkio-weight-device /dev/a:9: 9 is not between 10 and 1000");
  EXPECT_EQ(failure({"--group-add", ""}), "--group-add '': the value is empty");
}

TEST(Run, RefusesStreamsThatAreNone) {
  EXPECT_EQ(failure({"-a", "out"}), "-a out: 'out' is none of stdin, stdout, stderr");
  EXPECT_EQ(failure({"-d", "-a", "stdout"}), "--detach (-d) and --attach (-a) contradict each other");
}

TEST(Run, KnowsWhatIsNotThereYet) {
  EXPECT_EQ(failure({"--gpus=all"}), "--gpus is not there yet");
  EXPECT_EQ(failure({"--link", "x"}), "--link is not there yet");
}

// docker run --help of 28.2.2, without what is for Windows alone.
TEST(Run, KnowsEveryOptionOfDocker) {
  constexpr std::string_view kDocker =
      "add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile "
      "cpu-period "
      "cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach detach-keys device "
      "device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust "
      "dns "
      "dns-option dns-search domainname entrypoint env env-file expose gpus group-add health-cmd health-interval "
      "health-retries health-start-interval health-start-period health-timeout hostname init interactive ip ip6 ipc "
      "isolation "
      "kernel-memory label label-file link link-local-ip log-driver log-opt mac-address memory memory-reservation "
      "memory-swap memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable oom-score-adj "
      "pid "
      "pids-limit platform privileged publish publish-all pull quiet read-only restart rm runtime security-opt "
      "shm-size "
      "sig-proxy stop-signal stop-timeout storage-opt sysctl tmpfs tty ulimit use-api-socket user userns uts volume "
      "volume-driver volumes-from workdir";
  std::set<std::string_view> known;
  const std::vector<Spelling> rows = run_manual().options;
  for (const Spelling& row : rows) known.insert(row.name);
  for (const std::string_view name : split(kDocker, ' ')) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(Run, HasEachNameAndLetterOnce) {
  std::set<std::string_view> names;
  std::set<char> letters;
  const std::vector<Spelling> rows = run_manual().options;
  for (const Spelling& row : rows) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.letter == 0 || letters.insert(row.letter).second) << row.letter;
  }
}

TEST(Run, HelpFitsATerminal) {
  const std::string help = help_text("caisson run", run_manual());
  EXPECT_THAT(help, HasSubstr("  -m, --memory SIZE"));
  EXPECT_THAT(help, Not(HasSubstr("--gpus")));
  for (const std::string_view line : split(help, '\n')) {
    const auto columns =
        std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; });
    EXPECT_LE(columns, 80) << line;
  }
}

}  // namespace
}  // namespace caisson::cli
