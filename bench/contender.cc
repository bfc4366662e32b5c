#include "contender.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "base/text.h"
#include "host.h"

namespace caisson::bench {
namespace {

namespace fs = std::filesystem;

// --- runtimes of bundles -------------------------------------------------------------------------------------------

Runtime make_runtime(const Fixture& fixture, std::string_view name, std::string program) {
  return {.name = std::string(name), .program = std::move(program), .root = fixture.state / name};
}

Result<Runtime> find_floor(const Fixture& fixture) {
  Runtime floor = make_runtime(fixture, "floor", TRY(find_built(fixture, "bench/floor")));
  floor.is_floor = true;
  floor.filter = fixture.state / "filter";
  TRY(write_filter(floor.filter));
  return floor;
}

Result<Runtime> find_caisson_oci(const Fixture& fixture) {
  return make_runtime(fixture, "caisson-oci", TRY(find_built(fixture, "bin/caisson-oci")));
}

Result<Runtime> find_crun(const Fixture& fixture) {
  Runtime crun = make_runtime(fixture, "crun", TRY(find_program("crun")));
  crun.mount_namespace = TRY(namespace_for_crun());
  return crun;
}

Result<Runtime> find_runc(const Fixture& fixture) { return make_runtime(fixture, "runc", TRY(find_program("runc"))); }

// --- the others ----------------------------------------------------------------------------------------------------

Result<Launch> prepare_true(const Fixture& fixture) { return Launch{.command = {fixture.rootfs / "bin/true"}}; }

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

/// The tarball as an image of one layer, in the fixture's store.
Result<Launch> prepare_image(const Fixture& fixture) {
  const std::string program = TRY(find_built(fixture, "bin/caisson"));
  TRY(fixture.runner.run({.command = {program, "--root", fixture.directory / "store", "--runroot",
                                      fixture.directory / "run", "import", fixture.tarball, "bench:latest"}}));
  return prepare_caisson(fixture, {"--network", "none", "--pull", "never", "bench:latest"});
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
void clean_after_podman(const Fixture& fixture) {
  if (fs::exists(fixture.directory / "podman-is-new-here")) unlink(kPodmanLocks);
  std::error_code error;
  for (const fs::directory_entry& hierarchy : fs::directory_iterator("/sys/fs/cgroup", error)) {
    for (const char* name : {"libpod_parent/conmon", "libpod_parent"}) rmdir((hierarchy.path() / name).c_str());
  }
  for (const char* name : {"libpod_parent/conmon", "libpod_parent"}) rmdir((fs::path("/sys/fs/cgroup") / name).c_str());
}

constexpr Contender kContenders[] = {
    {"floor", "the kernel-visible work of the bundle, nothing else", find_floor, nullptr, nullptr},
    {"caisson-oci", "caisson-oci run, the bundle", find_caisson_oci, nullptr, nullptr},
    {"crun", "crun run, the bundle", find_crun, nullptr, nullptr},
    {"runc", "runc run, the bundle", find_runc, nullptr, nullptr},
    {"caisson", "caisson run --rm --network none TARBALL true: an overlay, the default seccomp profile", nullptr,
     [](const Fixture& f) { return prepare_overlay(f, "none"); }, nullptr},
    {"caisson-host", "the same with --network host", nullptr,
     [](const Fixture& f) { return prepare_overlay(f, "host"); }, nullptr},
    {"caisson-in-place", "the same on a directory, without an overlay and without a filter", nullptr,
     [](const Fixture& f) {
       return prepare_caisson(f, {"--network", "none", "--security-opt", "seccomp=unconfined", f.rootfs});
     },
     nullptr},
    {"caisson-image", "the same on an image of one layer, by `caisson import`", nullptr, prepare_image, nullptr},
    {"caisson-directory", "the same on a directory, in place, with the filter", nullptr,
     [](const Fixture& f) { return prepare_caisson(f, {"--network", "none", f.rootfs}); }, nullptr},
    {"rootless", "the overlay with --network none, run by an ordinary user", nullptr, prepare_rootless, nullptr},
    {"bwrap", "bwrap --unshare-all: no cgroup, few mounts", nullptr, prepare_bwrap, nullptr},
    {"podman", "podman run --rm --network none --rootfs ROOTFS:O true, with crun", nullptr, prepare_podman,
     clean_after_podman},
    {"true", "busybox's true without any container", nullptr, prepare_true, nullptr},
};

}  // namespace

std::span<const Contender> contenders() { return kContenders; }

bool takes_part_unasked(const Contender& contender, const Work& work) {
  const bool is_default = work.deed == Deed::kRun && !work.is_filtered;
  return is_default || contender.find != nullptr;
}

Result<Prepared> prepare(const Contender& contender, const Fixture& fixture, const Work& work) {
  Prepared prepared;
  if (contender.find != nullptr) {
    auto runtime = std::make_shared<const Runtime>(TRY(contender.find(fixture)));
    prepared.runtime = runtime;
    prepared.task = TRY(prepare_runtime(fixture, std::move(runtime), work));
    return prepared;
  }
  if (work.deed != Deed::kRun || work.is_filtered)
    return fail(complaint("no runtime of bundles: it takes part in `--do run` alone"));
  prepared.task = prepare_launch(fixture, TRY(contender.prepare(fixture)));
  return prepared;
}

}  // namespace caisson::bench
