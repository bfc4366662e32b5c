#include "kube/volumes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/containers.h"
#include "engine/volumes.h"
#include "kernel/files.h"

namespace caisson::kube {

namespace {

Result<> make_host_path(const Volume& volume) {
  if (volume.host_type == "DirectoryOrCreate") return kernel::make_directories(volume.source, 0755);
  if (volume.host_type != "FileOrCreate" || kernel::exists(volume.source)) return {};
  TRY(kernel::open_file(volume.source, O_WRONLY | O_CREAT, 0644));
  return {};
}

bool is_of_type(const std::string& type, mode_t mode) {
  if (type.starts_with("Directory")) return S_ISDIR(mode);
  if (type.starts_with("File")) return S_ISREG(mode);
  if (type == "Socket") return S_ISSOCK(mode);
  if (type == "CharDevice") return S_ISCHR(mode);
  return type != "BlockDevice" || S_ISBLK(mode);
}

// Nobody but this process is in the volume yet: its paths are what this process has made of them.
Result<> fill(const std::string& data, const PodVolume& volume) {
  for (const VolumeFile& file : volume.files) {
    const std::string path = fmt::format("{}/{}", data, file.path);
    TRY(kernel::make_directories(path.substr(0, path.rfind('/')), 0755));
    TRY(kernel::write_new_file(path, file.content, file.mode));
    if (::chmod(path.c_str(), file.mode) != 0) return fail(os_error("chmod", path));  // whatever the umask
    if (volume.group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *volume.group) != 0)
      return fail(os_error("lchown", path));
  }
  for (const std::string& directory : volume.sub_paths) {
    const std::string path = fmt::format("{}/{}", data, directory);
    TRY(kernel::make_directories(path, 0755));
    if (::chmod(path.c_str(), 0777) != 0) return fail(os_error("chmod", path));
  }
  const mode_t mode = volume.group ? 02777 : 0777;
  if (volume.group && ::lchown(data.c_str(), static_cast<uid_t>(-1), *volume.group) != 0)
    return fail(os_error("lchown", data));
  if (volume.is_empty && ::chmod(data.c_str(), mode) != 0) return fail(os_error("chmod", data));
  return {};
}

}  // namespace

Result<> prepare_host_paths(const Pod& pod) {
  for (const Volume& volume : pod.spec.volumes) {
    if (volume.kind != Volume::Kind::kHostPath) continue;
    if (const Result<> made = make_host_path(volume); !made)
      return fail(at(pod, volume.line, volume.path + ".hostPath", made.error().text()));
    const auto status = kernel::status_of(volume.source);
    if (!status)
      return fail(at(pod, volume.line, volume.path + ".hostPath.path", fmt::format("there is no {}", volume.source)));
    if (!is_of_type(volume.host_type, status->st_mode))
      return fail(at(pod, volume.line, volume.path + ".hostPath.type",
                     fmt::format("{} is no {}", volume.source, volume.host_type)));
  }
  return {};
}

Result<std::map<std::string, std::string>> make_pod_volumes(const std::vector<PodVolume>& volumes,
                                                            const engine::Places& places) {
  std::map<std::string, std::string> names;
  const auto make_one = [&](const PodVolume& volume) -> Result<> {
    const std::string name = engine::new_id();
    TRY(engine::make_volume(places, {.name = name, .anonymous = true}));
    names[volume.name] = name;
    return fill(TRY(engine::require_volume(places, name)).data, volume);
  };
  for (const PodVolume& volume : volumes) {
    const Result<> made = make_one(volume);
    if (made) continue;
    for (const auto& [manifests, name] : names) (void)engine::remove_volume(places, name);
    return fail(in("volume " + volume.name, made.error()));
  }
  return names;
}

}  // namespace caisson::kube
