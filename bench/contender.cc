#include "contender.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/text.h"

namespace caisson::bench {
namespace {

namespace fs = std::filesystem;

Result<std::string> find_program(std::string_view name) {
  const char* path = getenv("PATH");
  for (const std::string_view directory : split(path != nullptr ? path : "/usr/bin:/bin:/usr/sbin:/sbin", ':')) {
    std::string candidate = fmt::format("{}/{}", directory, name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(complaint("not installed"));
}

Result<std::string> find_built(const Fixture& fixture, std::string_view program) {
  std::string path = fixture.build / program;
  if (access(path.c_str(), X_OK) != 0) return fail(complaint("not built: " + path));
  return path;
}

/// Runs a command of the preparation; its standard error is the complaint if it fails.
Result<> run_quietly(const Fixture& fixture, const Launch& launch) {
  const std::string log = fixture.directory / "preparation";
  const Fd errors(open(log.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!errors) return fail(os_error("open", log));
  const Sample sample = TRY(run_once(launch, errors));
  if (sample.status == 0) return {};
  std::string first_line;
  std::getline(std::ifstream(log), first_line);
  return fail(complaint(fmt::format("{}: {}", fmt::join(launch.command, " "), first_line)));
}

bool is_file_system(const char* path, decltype(std::declval<struct statfs>().f_type) type) {
  struct statfs file_system{};
  return statfs(path, &file_system) == 0 && file_system.f_type == type;
}

// --- the bundle of runc and crun -----------------------------------------------------------------------------------

/// The default config (of runc if there is one, as everybody means that), with `true` as its command.
Result<std::string> make_bundle(const Fixture& fixture, std::string_view name) {
  const fs::path bundle = fixture.directory / name;
  fs::create_directory(bundle);
  auto runtime = find_program("runc");
  if (!runtime) runtime = find_program("crun");
  const std::string program = TRY(std::move(runtime));
  TRY(run_quietly(fixture, {.command = {program, "spec", "--bundle", bundle}}));

  const fs::path file = bundle / "config.json";
  std::ifstream input(file);
  const std::string text(std::istreambuf_iterator<char>(input), {});
  auto config = nlohmann::ordered_json::parse(text, nullptr, false);
  if (config.is_discarded()) return fail(complaint("not JSON: " + file.string()));
  config["process"]["terminal"] = false;
  config["process"]["args"] = {"true"};
  config["root"]["path"] = fixture.rootfs;
  // Absolute: a relative path would mean a cgroup below the caller's own.
  config["linux"]["cgroupsPath"] = fmt::format("/{}-{}", fixture.id, name);
  if (!(std::ofstream(file) << config.dump(2))) return fail(complaint("cannot write " + file.string()));
  return bundle.string();
}

bool is_hybrid_host() {
  return !is_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC) &&
         is_file_system("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC);
}

/// A mount namespace in which crun works, and podman with it: without the v2 hierarchy that a hybrid host mounts beside
/// the v1 ones. crun refuses such a host.
Result<Fd> namespace_for_crun() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(os_error("pipe2", "for a mount namespace"));
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fail(os_error("fork", "for a mount namespace"));
  if (child == 0) {
    const bool is_made = unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         (!is_hybrid_host() || umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0);
    if (is_made && write(writer.get(), "1", 1) == 1) pause();  // until its namespace was opened
    _exit(1);
  }
  writer = Fd();
  char is_made = 0;
  Result<Fd> opened = fail(complaint("no mount namespace can be made for it"));
  if (read(reader.get(), &is_made, 1) == 1) {
    const std::string path = fmt::format("/proc/{}/ns/mnt", child);
    Fd mount_namespace(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    opened = mount_namespace ? Result<Fd>(std::move(mount_namespace)) : fail(os_error("open", path));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return opened;
}

Result<Launch> prepare_runtime(const Fixture& fixture, std::string_view name) {
  const std::string program = TRY(find_program(name));
  const std::string bundle = TRY(make_bundle(fixture, name));
  return Launch{.command = {program, "run", "--bundle", bundle, fmt::format("{}-{}", fixture.id, name)}};
}

Result<Launch> prepare_crun(const Fixture& fixture) {
  Launch launch = TRY(prepare_runtime(fixture, "crun"));
  launch.mount_namespace = TRY(namespace_for_crun());
  return launch;
}

/// Says nothing when there is nothing to delete, which is as it should be.
void delete_container(const Fixture& fixture, const Launch& launch) {
  Launch deletion{.command = {launch.command.front(), "delete", "--force", launch.command.back()}};
  if (launch.mount_namespace) deletion.mount_namespace = Fd(fcntl(launch.mount_namespace.get(), F_DUPFD_CLOEXEC, 0));
  (void)run_quietly(fixture, deletion).has_value();
}

Result<> pack(const Fixture& fixture) {
  return run_quietly(fixture,
                     {.command = {TRY(find_program("tar")), "-cf", fixture.tarball, "-C", fixture.rootfs, "."}});
}

// --- the others ----------------------------------------------------------------------------------------------------

Result<Launch> prepare_true(const Fixture& fixture) { return Launch{.command = {fixture.rootfs / "bin/true"}}; }

Result<Launch> prepare_floor(const Fixture& fixture) {
  return Launch{.command = {TRY(find_built(fixture, "bench/floor")), fixture.rootfs, "true"}};
}

/// caisson with a store of the fixture's own, so that what it measures is not what somebody else has left there.
Result<Launch> prepare_caisson(const Fixture& fixture, std::initializer_list<std::string> words) {
  Launch launch{.command = {TRY(find_built(fixture, "bin/caisson")), "--root", fixture.directory / "store", "--runroot",
                            fixture.directory / "run", "run", "--rm"}};
  launch.command.insert(launch.command.end(), words);
  launch.command.emplace_back("true");
  return launch;
}

/// A tarball that was written less than two seconds ago is hashed by every run: it could change unnoticed.
Result<Launch> prepare_overlay(const Fixture& fixture, const std::string& network) {
  std::this_thread::sleep_until(fixture.packed_at + std::chrono::milliseconds(2500));
  return prepare_caisson(fixture, {"--network", network, fixture.tarball});
}

/// The first account of an ordinary user, with a group of the same number, that has subordinate ids.
Result<uid_t> ordinary_user() {
  std::ifstream subordinate("/etc/subuid");
  std::set<std::string> names;
  for (std::string line; std::getline(subordinate, line);) names.emplace(cut(line, ':').head);
  std::ifstream accounts("/etc/passwd");
  for (std::string line; std::getline(accounts, line);) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 4 || !names.contains(std::string(fields[0])) || fields[2] != fields[3]) continue;
    const auto uid = parse_unsigned(fields[2]);
    if (uid && *uid >= 1000) return static_cast<uid_t>(*uid);
  }
  return fail(complaint("no ordinary user with ids in /etc/subuid"));
}

/// An overlay, as an ordinary user: with a user namespace whose ids newuidmap and newgidmap map.
Result<Launch> prepare_rootless(const Fixture& fixture) {
  const uid_t user = TRY(ordinary_user());
  const fs::path own = fixture.directory / "rootless";
  fs::create_directory(own);
  if (chown(own.c_str(), user, user) != 0 || chmod(fixture.directory.c_str(), 0755) != 0)
    return fail(os_error("chown", own.string()));
  Launch launch = TRY(prepare_overlay(fixture, "none"));
  for (std::string& word : launch.command) {
    if (word == (fixture.directory / "store").string()) word = own / "store";
    if (word == (fixture.directory / "run").string()) word = own / "run";
  }
  launch.user = user;
  return launch;
}

Result<Launch> prepare_bwrap(const Fixture& fixture) {
  const std::string program = TRY(find_program("bwrap"));
  return Launch{.command = {program, "--unshare-all", "--ro-bind", fixture.rootfs, "/", "--proc", "/proc", "--dev",
                            "/dev", "true"}};
}

// Where podman keeps its locks, whatever store it is given. It makes it when it is first called, and leaves it.
constexpr const char* kPodmanLocks = "/dev/shm/libpod_lock";

/// With a store of the fixture's own; the limits are those that a caller without CAP_SYS_RESOURCE may set.
Result<Launch> prepare_podman(const Fixture& fixture) {
  Launch launch{.command = {TRY(find_program("podman"))}, .mount_namespace = TRY(namespace_for_crun())};
  const fs::path store = fixture.directory / "podman";
  if (!fs::exists(kPodmanLocks)) fs::create_directory(fixture.directory / "podman-is-new-here");
  const auto add = [&](std::initializer_list<std::string> words) {
    launch.command.insert(launch.command.end(), words);
  };
  add({"--root", store / "root", "--runroot", store / "run", "--tmpdir", store / "tmp"});
  add({"--cgroup-manager", "cgroupfs", "--events-backend", "none"});
  add({"run", "--rm", "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"});
  add({"--rootfs", fixture.rootfs.string() + ":O", "true"});
  return launch;
}

/// What podman makes once, for all of its containers and their monitors.
void clean_after_podman(const Fixture& fixture, const Launch&) {
  if (fs::exists(fixture.directory / "podman-is-new-here")) unlink(kPodmanLocks);
  std::error_code error;
  for (const fs::directory_entry& hierarchy : fs::directory_iterator("/sys/fs/cgroup", error)) {
    for (const char* name : {"libpod_parent/conmon", "libpod_parent"}) rmdir((hierarchy.path() / name).c_str());
  }
  for (const char* name : {"libpod_parent/conmon", "libpod_parent"}) rmdir((fs::path("/sys/fs/cgroup") / name).c_str());
}

constexpr Contender kContenders[] = {
    {"floor", "the kernel-visible work of the default bundle, nothing else", prepare_floor, nullptr},
    {"caisson", "caisson run --rm --network none TARBALL true: an overlay, the default seccomp profile",
     [](const Fixture& f) { return prepare_overlay(f, "none"); }, nullptr},
    {"caisson-host", "the same with --network host", [](const Fixture& f) { return prepare_overlay(f, "host"); },
     nullptr},
    {"caisson-in-place", "the same on a directory, without an overlay and without a filter",
     [](const Fixture& f) {
       return prepare_caisson(f, {"--network", "none", "--security-opt", "seccomp=unconfined", f.rootfs});
     },
     nullptr},
    {"rootless", "the overlay with --network none, run by an ordinary user", prepare_rootless, nullptr},
    {"crun", "crun run, the default bundle", prepare_crun, delete_container},
    {"runc", "runc run, the default bundle", [](const Fixture& f) { return prepare_runtime(f, "runc"); },
     delete_container},
    {"bwrap", "bwrap --unshare-all: no cgroup, few mounts", prepare_bwrap, nullptr},
    {"podman", "podman run --rm --network none --rootfs ROOTFS:O true, with crun", prepare_podman, clean_after_podman},
    {"true", "busybox's true without any container", prepare_true, nullptr},
};

}  // namespace

std::span<const Contender> contenders() { return kContenders; }

Result<Fixture> make_fixture(fs::path build) {
  const char* parent = getenv("TMPDIR");
  std::string directory = fmt::format("{}/caisson-bench-XXXXXX", parent != nullptr ? parent : "/tmp");
  if (mkdtemp(directory.data()) == nullptr) return fail(os_error("mkdtemp", directory));
  Fixture fixture{.directory = directory,
                  .rootfs = fs::path(directory) / "rootfs",
                  .tarball = fs::path(directory) / "rootfs.tar",
                  .build = std::move(build),
                  .id = fmt::format("caisson-bench-{}", getpid())};
  for (const char* name : {"bin", "dev", "etc", "proc", "sys", "tmp"}) fs::create_directories(fixture.rootfs / name);
  std::error_code error;
  fs::copy_file("/bin/busybox", fixture.rootfs / "bin/busybox", error);
  if (error) {
    fs::remove_all(fixture.directory);
    return fail(complaint("cannot copy /bin/busybox: " + error.message(), "install busybox-static"));
  }
  for (const char* name : {"true", "sh"}) fs::create_symlink("busybox", fixture.rootfs / "bin" / name);
  if (const auto packed = pack(fixture); !packed) {
    fs::remove_all(fixture.directory);
    return fail(packed.error());
  }
  fixture.packed_at = std::chrono::steady_clock::now();
  return fixture;
}

}  // namespace caisson::bench
