#include <linux/capability.h>

#include <random>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/capability.h"
#include "spec/json.h"
#include "spec/validate.h"

namespace caisson::spec {
namespace {

// Configurations of any shape, the same ones in every run.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  bool coin() { return random_() % 2 == 0; }
  template <class T>
  T number() {
    const std::uint64_t bits = std::uint64_t{random_()} << 32 | random_();
    return static_cast<T>(random_() % 3 == 0 ? bits : bits % 100);  // the ends of the range, and what is usual
  }
  std::string text() {
    static const std::vector<std::string> kTexts = {"a",         "tmpfs", "/x/y",     "line\nbreak", "\"quoted\"\\",
                                                    "ünïcödé ☃", "tab\t", "\x7f\x01", "~/a",         "mode=0755"};
    return kTexts[random_() % kTexts.size()];
  }
  template <class T>
  void maybe(std::optional<T>& value) {
    if (coin()) value = number<T>();
  }
  void maybe(std::optional<bool>& value) {
    if (coin()) value = coin();
  }
  template <class Make>
  auto list(Make make) {
    std::vector<decltype(make())> out;
    for (std::size_t n = random_() % 4; n > 0; --n) out.push_back(make());
    return out;
  }
  std::vector<std::string> texts() {
    return list([&] { return text(); });
  }
  std::map<std::string, std::string> map() {
    std::map<std::string, std::string> out;
    for (std::size_t n = random_() % 4; n > 0; --n) out[text()] = text();
    return out;
  }
  std::vector<IdMapping> mappings() {
    return list([&] { return IdMapping{number<std::uint32_t>(), number<std::uint32_t>(), number<std::uint32_t>()}; });
  }
  std::vector<ThrottleDevice> throttles() {
    return list(
        [&] { return ThrottleDevice{number<std::int64_t>(), number<std::int64_t>(), number<std::uint64_t>()}; });
  }
  std::uint64_t capabilities() { return number<std::uint64_t>() & all_capabilities(); }

  Process process() {
    Process process{.terminal = coin(),
                    .args = texts(),
                    .env = texts(),
                    .cwd = text(),
                    .no_new_privileges = coin(),
                    .apparmor_profile = text(),
                    .selinux_label = text()};
    if (coin()) process.console_size = ConsoleSize{number<std::uint16_t>(), number<std::uint16_t>()};
    process.user = {.uid = number<std::uint32_t>(), .gid = number<std::uint32_t>(), .additional_gids = list([&] {
                                                                                      return number<std::uint32_t>();
                                                                                    })};
    maybe(process.user.umask);
    if (coin())
      process.capabilities =
          Capabilities{capabilities(), capabilities(), capabilities(), capabilities(), capabilities()};
    process.rlimits = list([&] { return Rlimit{text(), number<std::uint64_t>(), number<std::uint64_t>()}; });
    maybe(process.oom_score_adj);
    if (coin()) {
      process.scheduler = Scheduler{text(),
                                    number<std::int32_t>(),
                                    number<std::int32_t>(),
                                    texts(),
                                    number<std::uint64_t>(),
                                    number<std::uint64_t>(),
                                    number<std::uint64_t>()};
    }
    if (coin()) process.io_priority = IoPriority{text(), number<std::int32_t>()};
    if (coin()) process.exec_cpu_affinity = CpuAffinity{coin() ? text() : "", coin() ? text() : ""};
    return process;
  }

  Resources resources() {
    Resources r;
    r.devices = list([&] {
      DeviceRule rule{.allow = coin(), .type = "abc"[random_() % 3], .access = coin() ? text() : ""};
      if (coin()) rule.major = number<std::uint16_t>();
      if (coin()) rule.minor = number<std::uint16_t>();
      return rule;
    });
    for (auto* value : {&r.memory.limit, &r.memory.reservation, &r.memory.swap, &r.memory.kernel, &r.memory.kernel_tcp,
                        &r.cpu.quota, &r.cpu.realtime_runtime, &r.cpu.idle, &r.pids_limit}) {
      maybe(*value);
    }
    for (auto* value : {&r.memory.swappiness, &r.cpu.shares, &r.cpu.period, &r.cpu.burst, &r.cpu.realtime_period})
      maybe(*value);
    for (auto* value : {&r.memory.disable_oom_killer, &r.memory.use_hierarchy, &r.memory.check_before_update})
      maybe(*value);
    if (coin()) r.cpu.cpus = text();
    if (coin()) r.cpu.mems = text();
    maybe(r.block_io.weight);
    maybe(r.block_io.leaf_weight);
    r.block_io.weight_device = list([&] {
      WeightDevice device{number<std::int64_t>(), number<std::int64_t>()};
      maybe(device.weight);
      maybe(device.leaf_weight);
      return device;
    });
    for (auto* throttle : {&r.block_io.throttle_read_bps, &r.block_io.throttle_write_bps,
                           &r.block_io.throttle_read_iops, &r.block_io.throttle_write_iops}) {
      *throttle = throttles();
    }
    r.hugepage_limits = list([&] { return HugepageLimit{text(), number<std::uint64_t>()}; });
    for (int i = 0; i < 2; ++i) {
      if (!coin()) continue;
      r.network.priorities.push_back({.name = text(), .priority = 7});
      r.network.class_id = 9;
      RdmaLimit& limit = r.rdma[text()];
      maybe(limit.handles);
      maybe(limit.objects);
    }
    r.unified = map();
    return r;
  }

  Hooks hooks() {
    Hooks all;
    for (const HookList& kind : kHookLists) {
      all.*kind.list = list([&] {
        Hook hook{.path = text(), .args = texts(), .env = texts()};
        maybe(hook.timeout_s);
        return hook;
      });
    }
    return all;
  }

  Config config() {
    Config config{
        .oci_version = text(), .root = {text(), coin()}, .process = process(), .annotations = map(), .hooks = hooks()};
    config.mounts = list([&] { return Mount{"/" + text(), text(), text(), texts(), mappings(), mappings()}; });
    if (coin()) config.hostname = text();
    if (coin()) config.domainname = text();
    Linux& l = config.linux_;
    l.uid_mappings = mappings();
    l.gid_mappings = mappings();
    l.sysctl = map();
    if (coin()) l.cgroups_path = text();
    l.namespaces =
        list([&] { return Namespace{kNamespaceTypes[random_() % kNamespaceTypes.size()], coin() ? text() : ""}; });
    l.devices = list([&] {
      Device device{.path = text(),
                    .type = "cbup"[random_() % 4],
                    .major = number<std::int64_t>(),
                    .minor = number<std::int64_t>(),
                    .uid = number<std::uint32_t>(),
                    .gid = number<std::uint32_t>()};
      maybe(device.file_mode);
      return device;
    });
    l.resources = resources();
    if (coin()) l.rootfs_propagation = text();
    l.masked_paths = texts();
    l.readonly_paths = texts();
    if (coin()) l.seccomp = seccomp();
    if (coin()) l.personality = Personality{text(), texts()};
    if (coin()) l.memory_policy = MemoryPolicy{text(), coin() ? text() : "", texts()};
    if (coin()) l.time_offsets[text()] = {number<std::int64_t>(), number<std::uint32_t>()};
    if (coin()) l.mount_label = text();
    for (std::size_t n = random_() % 3; n > 0; --n) l.net_devices[text()] = {.name = coin() ? text() : ""};
    if (coin()) {
      l.intel_rdt = {.clos_id = coin() ? text() : "",
                     .l3_cache_schema = coin() ? text() : "",
                     .mem_bw_schema = coin() ? text() : "",
                     .schemata = texts(),
                     .enable_monitoring = coin()};
    }
    return config;
  }

  Seccomp seccomp() {
    Seccomp s{.default_action = action(), .architectures = texts()};
    maybe(s.default_errno_ret);
    if (coin()) s.flags = texts();
    if (coin()) s.listener_path = text();
    if (coin()) s.listener_metadata = text();
    s.syscalls = list([&] {
      SeccompRule rule{.names = texts(), .action = action()};
      maybe(rule.errno_ret);
      rule.args = list([&] {
        return SeccompArgument{number<std::uint32_t>(), number<std::uint64_t>(), coin() ? number<std::uint64_t>() : 0,
                               static_cast<SeccompOperator>(random_() % 7)};
      });
      return rule;
    });
    return s;
  }
  SeccompAction action() { return static_cast<SeccompAction>(random_() % 8); }

 private:
  std::mt19937 random_;
};

// Validation has much to say about these; what matters is that no type and no key is wrong.
bool is_shape(const Problem& problem) {
  return problem.text.starts_with("wrong type") || problem.text.starts_with("not a whole number") ||
         problem.text.starts_with("unknown key") || problem.text == "not JSON";
}

TEST(Configurations, AreTheSameAfterWritingAndReading) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const Config config = Generator(seed).config();
    const std::string json = write_config(config);
    const Reading reading = read_config(json);
    for (const Problem& problem : reading.findings.errors)
      ASSERT_FALSE(is_shape(problem)) << problem.line() << "\n" << json;
    for (const Problem& problem : reading.findings.warnings)
      ASSERT_FALSE(is_shape(problem)) << problem.line() << "\n" << json;
    ASSERT_TRUE(reading.config == config) << "seed " << seed << "\n" << json << write_config(reading.config);
  }
}

TEST(Configurations, OfEveryCutOffTextAreRefusedNotRead) {
  const std::string json = write_config(Generator(7).config());
  for (std::size_t length = 0; length + 2 < json.size(); ++length) {
    ASSERT_FALSE(read_config(std::string_view(json).substr(0, length)).findings.errors.empty()) << length;
  }
}

TEST(Configurations, AreShortWhereTheyAreDefaults) {
  Config config;
  config.root.path = "rootfs";
  config.process.args = {"sh"};
  EXPECT_EQ(write_config(config), R"({
  "ociVersion": "1.3.0",
  "process": {
    "user": {
      "uid": 0,
      "gid": 0
    },
    "args": [
      "sh"
    ],
    "cwd": "/"
  },
  "root": {
    "path": "rootfs"
  }
}
)");
  EXPECT_TRUE(validate(config).errors.empty());
}

TEST(Texts, ThatAreNotUtf8AreReplaced) {
  Config config;
  config.process.args = {"a\xff"};
  EXPECT_THAT(write_config(config), testing::HasSubstr("a\xef\xbf\xbd"));
}

#define ROW(name) \
  std::pair { #name, name }
TEST(Capabilities, AreTheKernels) {
  for (const auto& [name, number] : {ROW(CAP_CHOWN),
                                     ROW(CAP_DAC_OVERRIDE),
                                     ROW(CAP_DAC_READ_SEARCH),
                                     ROW(CAP_FOWNER),
                                     ROW(CAP_FSETID),
                                     ROW(CAP_KILL),
                                     ROW(CAP_SETGID),
                                     ROW(CAP_SETUID),
                                     ROW(CAP_SETPCAP),
                                     ROW(CAP_LINUX_IMMUTABLE),
                                     ROW(CAP_NET_BIND_SERVICE),
                                     ROW(CAP_NET_BROADCAST),
                                     ROW(CAP_NET_ADMIN),
                                     ROW(CAP_NET_RAW),
                                     ROW(CAP_IPC_LOCK),
                                     ROW(CAP_IPC_OWNER),
                                     ROW(CAP_SYS_MODULE),
                                     ROW(CAP_SYS_RAWIO),
                                     ROW(CAP_SYS_CHROOT),
                                     ROW(CAP_SYS_PTRACE),
                                     ROW(CAP_SYS_PACCT),
                                     ROW(CAP_SYS_ADMIN),
                                     ROW(CAP_SYS_BOOT),
                                     ROW(CAP_SYS_NICE),
                                     ROW(CAP_SYS_RESOURCE),
                                     ROW(CAP_SYS_TIME),
                                     ROW(CAP_SYS_TTY_CONFIG),
                                     ROW(CAP_MKNOD),
                                     ROW(CAP_LEASE),
                                     ROW(CAP_AUDIT_WRITE),
                                     ROW(CAP_AUDIT_CONTROL),
                                     ROW(CAP_SETFCAP),
                                     ROW(CAP_MAC_OVERRIDE),
                                     ROW(CAP_MAC_ADMIN),
                                     ROW(CAP_SYSLOG),
                                     ROW(CAP_WAKE_ALARM),
                                     ROW(CAP_BLOCK_SUSPEND),
                                     ROW(CAP_AUDIT_READ),
                                     ROW(CAP_PERFMON),
                                     ROW(CAP_BPF),
                                     ROW(CAP_CHECKPOINT_RESTORE)}) {
    EXPECT_EQ(capability_number(name), number) << name;
    EXPECT_EQ(capability_name(number), name);
  }
  EXPECT_EQ(known_capabilities().size(), std::size_t{CAP_LAST_CAP} + 1);
}
#undef ROW

TEST(Capabilities, HaveTheirNumbers) {
  EXPECT_EQ(capability_number("CAP_CHOWN"), 0);
  EXPECT_EQ(capability_number("net_bind_service"), 10);
  EXPECT_EQ(capability_number("CAP_CHECKPOINT_RESTORE"), 40);
  EXPECT_EQ(capability_number("CAP_"), std::nullopt);
  EXPECT_EQ(capability_name(21), "CAP_SYS_ADMIN");
  EXPECT_EQ(capability_name(41), "CAP_41");
  EXPECT_THAT(capability_names(0b101), testing::ElementsAre("CAP_CHOWN", "CAP_DAC_READ_SEARCH"));
  EXPECT_EQ(all_capabilities(), (1ULL << 41) - 1);
}

}  // namespace
}  // namespace caisson::spec
