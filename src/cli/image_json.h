// Images as JSON: what `images` and `history` list and `image inspect` shows, with docker's names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/images.h"

namespace caisson::cli {

/// The rows of `images`, one for each name of the image: ID, Repository, Tag, Digest, CreatedSince, CreatedAt, Size.
std::vector<nlohmann::ordered_json> image_rows(const engine::ListedImage& listed, bool whole);

/// The rows of `history`, the newest first: ID, CreatedSince, CreatedAt, CreatedBy, Size, Comment. `human`: sizes and
/// times for people.
std::vector<nlohmann::ordered_json> history_rows(const engine::ListedImage& listed, bool whole, bool human);

/// What `image inspect` says.
nlohmann::ordered_json image_object(const engine::ListedImage& listed);

/// A health check as docker shows it, with times in nanoseconds; null for none.
nlohmann::ordered_json healthcheck_object(const std::optional<image::Healthcheck>& check);

/// "1.03MB", "77.8kB": as docker says it, in powers of 1000.
std::string decimal_bytes(std::int64_t bytes);

/// The image's names as people write them.
std::vector<std::string> familiar_names(const engine::ListedImage& listed);

}  // namespace caisson::cli
