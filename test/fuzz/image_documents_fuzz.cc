// Arbitrary text as each document of an image. What is read can be written and is the same when it is read again; what
// it points to has a digest that is a name below blobs/sha256, and nothing but that, and a size.
#include <cstdint>
#include <string>

#include "expect.h"
#include "image/digest_name.h"
#include "image/image_config.h"
#include "image/index_lines.h"
#include "image/manifest_kind.h"

namespace {

using namespace caisson;
using namespace caisson::image;

void expect_sound(const Descriptor& descriptor) {
  expect(is_digest(descriptor.digest), "a digest: " + descriptor.digest);
  expect(descriptor.size >= 0, "a size");
}

void look_at(const Manifest& manifest) {
  expect_sound(manifest.config);
  for (const Descriptor& layer : manifest.layers) expect_sound(layer);
  expect(read_manifest(write_manifest(manifest)) == manifest, "the manifest again: " + write_manifest(manifest));
  if (const Result<> image = check_is_image(manifest); !image) expect(!image.error().text().empty(), "words");
}

void look_at(const Index& index) {
  for (const Descriptor& manifest : index.manifests) expect_sound(manifest);
  expect(read_index(write_index(index)) == index, "the index again: " + write_index(index));
  const std::string written = write_index(index);
  for (const Descriptor& manifest : index.manifests) {
    const auto lines = lines_with(written, manifest.digest);
    expect(lines ? !lines->empty() : written.find('\\') != std::string::npos, "its line is found: " + manifest.digest);
  }
  const auto chosen = choose(index, fitting_host(platform_of_machine("aarch64")));
  if (chosen) expect_sound(*chosen);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto either = read_manifest_or_index(text)) {
    std::visit([](const auto& document) { look_at(document); }, *either);
  }
  const Result<ImageConfig> config = read_image_config(text);
  if (config) {
    for (const std::string& diff_id : config->diff_ids) expect(is_digest(diff_id), "a digest: " + diff_id);
    expect(read_image_config(write_image_config(*config)) == *config,
           "the config again: " + write_image_config(*config));
  }
  return 0;
}
