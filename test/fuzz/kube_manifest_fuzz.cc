// Manifests: whatever the bytes are, they are read within bounds; what reads is composed, and what is written of it
// reads as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "expect.h"
#include "kube/compose_pod.h"
#include "kube/read_manifest.h"
#include "kube/write_manifest.h"

using namespace caisson;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const kube::Reading reading = kube::read_manifest(text, "manifest");
  for (const std::string& error : reading.errors)
    expect(error.find_first_of(std::string("\n\r\033\0", 4)) == std::string::npos, "one line: " + error);
  if (!reading.errors.empty()) return 0;
  kube::Objects objects;
  for (const kube::ConfigMap& map : reading.manifest.config_maps) objects.config_maps[map.metadata.name] = map.data;
  for (const kube::Secret& secret : reading.manifest.secrets) objects.secrets[secret.metadata.name] = secret.data;
  for (const kube::Pod& pod : reading.manifest.pods) {
    (void)kube::compose_pod(pod);
    const auto volumes = kube::pod_volumes(pod, objects);
    if (volumes) {
      for (const kube::PodVolume& volume : *volumes) {
        for (const kube::VolumeFile& file : volume.files)
          expect(!file.path.empty() && file.path[0] != '/' && ("/" + file.path + "/").find("/../") == std::string::npos,
                 "a path in the volume: " + file.path);
      }
    }
    for (const kube::Container& container : pod.spec.containers) {
      const auto options = kube::compose_container(pod, container, kube::ContainerKind::kPlain, objects, {}, {});
      if (options) expect(!options->source.starts_with('/') && !options->source.starts_with('.'), "no path");
    }
  }
  const std::string written = kube::write_manifest(reading.manifest);
  if (written.empty()) return 0;
  const kube::Reading again = kube::read_manifest(written, "manifest");
  if (again.errors.empty()) expect(kube::write_manifest(again.manifest) == written, "the same: " + written);
  return 0;
}
