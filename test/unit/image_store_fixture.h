// A store of images with made-up digests: nothing in the store hashes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "image/blob_writer.h"
#include "image/image_config.h"
#include "image/index.h"
#include "image/media_type.h"
#include "image/store_names.h"
#include "temporary_directory.h"

namespace caisson::image {

inline std::string digest(std::string_view pattern) {
  std::string text = "sha256:";
  while (text.size() < 71) text += pattern;
  return text.substr(0, 71);
}

class ImageStoreTest : public testing::Test {
 protected:
  ImageStoreTest() : store_(ImageStore::create(place_ / "images").value()) {}

  // Puts a blob there, whose digest is made up of `pattern`.
  Descriptor put(std::string_view media_type, std::string_view pattern, const std::string& content) {
    const Result<BlobHold> added = add_blob(store_, content, digest(pattern));
    EXPECT_TRUE(added) << added.error().text();
    return {.media_type = std::string(media_type),
            .digest = digest(pattern),
            .size = static_cast<std::int64_t>(content.size())};
  }

  // An image: a manifest of the digest `manifest`, with a config and layers of theirs.
  Descriptor put_image(std::string_view manifest, std::string_view config, const std::vector<std::string>& layers,
                       const std::string& architecture = "amd64") {
    ImageConfig about{.platform = {.os = "linux", .architecture = architecture}};
    Manifest image{.media_type = std::string(media_type::kOciManifest), .config = {}, .layers = {}};
    for (const std::string& layer : layers) {
      about.diff_ids.push_back(digest("d" + layer));
      image.layers.push_back(put(media_type::kOciLayerGzip, layer, "layer " + layer));
    }
    image.config = put(media_type::kOciConfig, config, write_image_config(about));
    return put(media_type::kOciManifest, manifest, write_manifest(image));
  }

  std::vector<std::string> names() {
    std::vector<std::string> found;
    const StoreIndex index = store_.index().value();
    for (const StoreEntry& entry : index.entries) found.push_back(entry.name);
    return found;
  }
  std::vector<std::string> files(const std::string& directory) {
    return kernel::list_directory(store_.path() + "/" + directory).value();
  }

  TemporaryDirectory place_;
  ImageStore store_;
};

}  // namespace caisson::image
