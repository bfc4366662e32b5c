#include "fixture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/text.h"

namespace caisson::bench {
namespace {

namespace fs = std::filesystem;

Result<fs::path> make_temporary(const std::string& parent) {
  std::string directory = parent + "/caisson-bench-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return fail(os_error("mkdtemp", directory));
  return fs::path(directory);
}

Result<> pack(const Fixture& fixture) {
  const std::string tar = TRY(find_program("tar"));
  TRY(fixture.runner.run({.command = {tar, "-cf", fixture.tarball, "-C", fixture.rootfs, "."}}));
  return {};
}

/// Takes off what is mounted at or below `directory`, the last first.
void unmount_below(const fs::path& directory) {
  std::vector<std::string> points;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    words >> id >> parent >> device >> root >> point;
    if (point.starts_with(directory.string())) points.push_back(point);
  }
  for (std::size_t i = points.size(); i > 0; --i) umount2(points[i - 1].c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

void end_processes(const fs::path& cgroup) {
  std::ifstream members(cgroup / "cgroup.procs");
  for (pid_t process = 0; members >> process;)
    if (process > 0) kill(process, SIGKILL);
}

/// Where the hierarchies are mounted: their roots.
std::vector<fs::path> hierarchies() {
  std::vector<fs::path> all{"/sys/fs/cgroup"};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/fs/cgroup", error))
    if (entry.is_directory(error) && !entry.is_symlink(error)) all.push_back(entry.path());
  return all;
}

/// All that are called `fixture.id`-….
void remove_all_cgroups(const Fixture& fixture) {
  std::set<std::string> names;
  std::error_code error;
  for (const fs::path& hierarchy : hierarchies()) {
    for (const fs::directory_entry& entry : fs::directory_iterator(hierarchy, error)) {
      const std::string name = entry.path().filename();
      if (name.starts_with(fixture.id + "-")) names.insert(name);
    }
  }
  for (const std::string& name : names) remove_cgroups(name);
}

}  // namespace

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

Result<> fill_rootfs(const fs::path& rootfs) {
  for (const char* name : {"bin", "dev", "etc", "proc", "sys", "tmp"}) fs::create_directories(rootfs / name);
  std::error_code error;
  fs::copy_file("/bin/busybox", rootfs / "bin/busybox", error);
  if (error) return fail(complaint("cannot copy /bin/busybox: " + error.message(), "install busybox-static"));
  for (const char* name : {"true", "sh", "sleep"}) fs::create_symlink("busybox", rootfs / "bin" / name, error);
  if (error) return fail(complaint("cannot make links in " + rootfs.string() + ": " + error.message()));
  return {};
}

Result<Fixture> make_fixture(fs::path build) {
  const char* parent = getenv("TMPDIR");
  const fs::path directory = TRY(make_temporary(parent != nullptr ? parent : "/tmp"));
  auto state = make_temporary(fs::is_directory("/dev/shm") ? "/dev/shm" : directory.string());
  const std::string log = directory / "stderr";
  Fixture fixture{.directory = directory,
                  .state = state ? *state : fs::path(),
                  .rootfs = directory / "rootfs",
                  .tarball = directory / "rootfs.tar",
                  .packed_at = {},
                  .build = std::move(build),
                  .id = fmt::format("caisson-bench-{}", getpid()),
                  .runner = Runner(Fd(open(log.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)))};
  auto made = state ? fill_rootfs(fixture.rootfs) : Result<>(fail(state.error()));
  if (made) made = pack(fixture);
  if (!made) {
    remove_fixture(fixture);
    return fail(made.error());
  }
  fixture.packed_at = std::chrono::steady_clock::now();
  return fixture;
}

void remove_fixture(const Fixture& fixture) {
  remove_all_cgroups(fixture);
  for (const fs::path& directory : {fixture.directory, fixture.state}) {
    if (directory.empty()) continue;
    unmount_below(directory);
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  }
  reap_orphans();
}

void remove_cgroups(const std::string& name) {
  for (const fs::path& hierarchy : hierarchies()) {
    const fs::path cgroup = hierarchy / name;
    for (int tries = 0; rmdir(cgroup.c_str()) != 0 && errno == EBUSY && tries < 1000; ++tries) {
      end_processes(cgroup);
      reap_orphans();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
}

void reap_orphans() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
}

}  // namespace caisson::bench
