#include "engine/devices.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr int kDeepest = 16;

bool is_left_out(const std::string& path) {
  return path == "/dev/pts" || path == "/dev/shm" || path == "/dev/mqueue" || path == "/dev/console" ||
         path == "/dev/ptmx" || path == "/dev/tty";
}

Result<> collect(const std::string& path, std::vector<HostDevice>& devices, int depth) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail(os_error("lstat", path));
  if (S_ISDIR(status.st_mode) && depth < kDeepest) {
    for (const std::string& name : TRY(kernel::list_directory(path))) {
      const std::string child = path + "/" + name;
      if (is_left_out(child)) continue;
      // One that goes while it is looked at is not there.
      if (const Result<> result = collect(child, devices, depth + 1); !result && result.error().number != ENOENT)
        return result;
    }
    return {};
  }
  if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode)) return {};
  devices.push_back({.path = path,
                     .type = S_ISCHR(status.st_mode) ? 'c' : 'b',
                     .major = major(status.st_rdev),
                     .minor = minor(status.st_rdev),
                     .mode = status.st_mode & 07777U,
                     .uid = status.st_uid,
                     .gid = status.st_gid});
  return {};
}

// By descriptors: somebody inside another container may swap a directory for a link meanwhile.
Result<> give_at(int parent, const std::string& name, const std::string& path, std::uint32_t uid, std::uint32_t gid) {
  if (::fchownat(parent, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0) return fail(os_error("fchownat", path));
  Result<Fd> directory = kernel::open_file_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory)
    return directory.error().number == ENOTDIR || directory.error().number == ELOOP ? Result<>()
                                                                                    : fail(directory.error());
  for (const std::string& child : TRY(kernel::names_in(*directory, path))) {
    TRY(give_at(directory->get(), child, path + "/" + child, uid, gid));
  }
  return {};
}

}  // namespace

Result<std::vector<HostDevice>> devices_at(const std::string& path) {
  const std::string real = TRY(kernel::absolute_path(path));
  std::vector<HostDevice> devices;
  TRY(collect(real, devices, 0));
  if (devices.empty()) return fail(complaint(fmt::format("'{}' is no device, and holds none", path)));
  // Under the name it was asked for.
  for (HostDevice& device : devices) device.path = path + device.path.substr(real.size());
  return devices;
}

Result<> resolve_limited_devices(const RunOptions& options, Surroundings& surroundings) {
  for (const auto* limits :
       {&options.blkio_weights, &options.read_bps, &options.write_bps, &options.read_iops, &options.write_iops}) {
    for (const DeviceLimit& limit : *limits) {
      struct stat status{};
      const std::string& path = limit.device;
      if (::stat(path.c_str(), &status) != 0) return fail(in(limit.typed, os_error("stat", path)));
      surroundings.limited_devices[path] = {.path = path,
                                            .type = S_ISBLK(status.st_mode) ? 'b' : 'c',
                                            .major = major(status.st_rdev),
                                            .minor = minor(status.st_rdev)};
    }
  }
  return {};
}

Result<std::vector<HostDevice>> all_devices() {
  std::vector<HostDevice> devices;
  TRY(collect("/dev", devices, 0));
  return devices;
}

Result<> give_tree(const std::string& path, std::uint32_t uid, std::uint32_t gid) {
  return give_at(AT_FDCWD, path, path, uid, gid);
}

}  // namespace caisson::engine
