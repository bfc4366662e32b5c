#include "bundle.h"

#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sys/vfs.h>

#include <fstream>

#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "spec/config.h"
#include "spec/json.h"

namespace caisson::bench {
namespace {

using Json = nlohmann::ordered_json;

/// The profile as podman puts it into a config: for its default capabilities, the eleven of them.
spec::Seccomp podmans_rules() {
  constexpr std::uint64_t kPodmansCapabilities = 0x800405fb;
  return seccomp::resolve(seccomp::default_profile(), {.capabilities = kPodmansCapabilities, .kernel = {6, 1}});
}

Json mounts() {
  const auto mount = [](const char* destination, const char* type, const char* source, Json options) {
    Json one{{"destination", destination}, {"type", type}, {"source", source}};
    if (!options.empty()) one["options"] = std::move(options);
    return one;
  };
  return {
      mount("/proc", "proc", "proc", Json::array()),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"})};
}

Json process(const BundleContents& contents) {
  const Json capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  return {{"terminal", false},
          {"user", {{"uid", 0}, {"gid", 0}}},
          {"args", contents.args},
          {"env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"}},
          {"cwd", "/"},
          {"capabilities",
           {{"bounding", capabilities},
            {"effective", capabilities},
            {"permitted", capabilities},
            {"ambient", capabilities}}},
          {"rlimits", Json::array({{{"type", "RLIMIT_NOFILE"}, {"hard", 1024}, {"soft", 1024}}})},
          {"noNewPrivileges", true}};
}

bool is_v2_alone() {
  struct statfs file_system{};
  return statfs("/sys/fs/cgroup", &file_system) == 0 && file_system.f_type == CGROUP2_SUPER_MAGIC;
}

Json namespaces() {
  Json all = Json::array();
  for (const char* type : {"pid", "network", "ipc", "uts", "mount"}) all.push_back({{"type", type}});
  if (is_v2_alone()) all.push_back({{"type", "cgroup"}});
  return all;
}

}  // namespace

Json make_config(const BundleContents& contents) {
  Json resources{{"devices", Json::array({{{"allow", false}, {"access", "rwm"}}})}};
  if (contents.memory_limit_bytes != 0) resources["memory"] = {{"limit", contents.memory_limit_bytes}};
  Json config{{"ociVersion", "1.0.2-dev"},
              {"process", process(contents)},
              {"root", {{"path", contents.rootfs.string()}, {"readonly", true}}},
              {"hostname", "runc"},
              {"mounts", mounts()},
              {"linux",
               {{"resources", std::move(resources)},
                {"cgroupsPath", contents.cgroup},
                {"namespaces", namespaces()},
                {"maskedPaths",
                 {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                  "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"}},
                {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}}}};
  if (contents.is_filtered) {
    spec::Config rules;
    rules.linux_.seccomp = podmans_rules();
    config["linux"]["seccomp"] = Json::parse(spec::write_config(rules))["linux"]["seccomp"];
  }
  return config;
}

Result<> write_bundle(const std::filesystem::path& directory, const BundleContents& contents) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::filesystem::path file = directory / "config.json";
  if (!(std::ofstream(file) << make_config(contents).dump(2) << std::flush))
    return fail(complaint("cannot write " + file.string()));
  return {};
}

Result<> write_filter(const std::filesystem::path& file) {
  const seccomp::Filter filter = TRY(seccomp::compile(podmans_rules()));
  if (filter.flags != SECCOMP_FILTER_FLAG_SPEC_ALLOW) return fail(complaint("the profile's filter needs other flags"));
  std::ofstream output(file, std::ios::binary);
  output.write(reinterpret_cast<const char*>(filter.instructions.data()),
               static_cast<std::streamsize>(filter.instructions.size() * sizeof(sock_filter)));
  if (!output.flush()) return fail(complaint("cannot write " + file.string()));
  return {};
}

}  // namespace caisson::bench
