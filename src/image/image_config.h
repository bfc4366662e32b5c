// The config of an image (image-spec config.md, and what Docker's adds): what it is made for, how it is run, and what
// its layers are once they are unpacked. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/manifest.h"
#include "image/platform.h"

namespace caisson::image {

/// Docker's check of whether a container is well; a time of 0 is the default's.
struct Healthcheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …}, {"CMD-SHELL", COMMAND}; empty: that of the image below
  std::int64_t interval_ns = 0;
  std::int64_t timeout_ns = 0;
  std::int64_t start_period_ns = 0;
  std::int64_t start_interval_ns = 0;
  std::int64_t retries = 0;

  bool operator==(const Healthcheck&) const = default;
};

/// What a container gets unless its options say otherwise. Nothing of it has been checked: it is the image's.
struct ContainerDefaults {
  std::string user = {};
  std::vector<std::string> environment = {};  ///< "NAME=VALUE"
  std::vector<std::string> entrypoint = {};
  std::vector<std::string> command = {};
  std::string working_directory = {};
  std::vector<std::string> volumes = {};        ///< paths inside
  std::vector<std::string> exposed_ports = {};  ///< "80/tcp", "80"
  std::map<std::string, std::string> labels = {};
  std::string stop_signal = {};
  std::optional<Healthcheck> healthcheck = std::nullopt;
  std::vector<std::string> shell = {};     ///< of RUN in a Dockerfile
  std::vector<std::string> on_build = {};  ///< lines of a Dockerfile for images made from this one

  bool operator==(const ContainerDefaults&) const = default;
};

struct HistoryEntry {
  std::string created = {};
  std::string created_by = {};
  std::string author = {};
  std::string comment = {};
  bool empty_layer = false;  ///< no layer came of it

  bool operator==(const HistoryEntry&) const = default;
};

struct ImageConfig {
  Platform platform;
  std::string created = {};  ///< RFC 3339
  std::string author = {};
  ContainerDefaults defaults = {};
  std::vector<std::string> diff_ids = {};  ///< digests of the layers as tar archives, the lowest first
  std::vector<HistoryEntry> history = {};

  bool operator==(const ImageConfig&) const = default;
};

/// Reads a config and checks the digests of its layers; an error names the JSON pointer. The id of an image is the
/// digest of these bytes.
Result<ImageConfig> read_image_config(std::string_view json);

std::string write_image_config(const ImageConfig& config);

/// That the two belong together: as many layers as there are digests of unpacked ones.
Result<> check_layers(const Manifest& manifest, const ImageConfig& config);

}  // namespace caisson::image
