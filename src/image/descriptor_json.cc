#include "image/descriptor_json.h"

#include <fmt/format.h>

#include "image/digest_name.h"
#include "image/media_type.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

Result<> check_media_type(const std::string& text) {
  if (is_media_type(text)) return {};
  return fail(complaint(fmt::format("{} is not a media type", quoted_name(text))));
}

}  // namespace

void read_platform(spec::Fields& fields, Platform& platform) {
  fields.read("os", platform.os);
  fields.read("architecture", platform.architecture);
  fields.read("variant", platform.variant);
  fields.read("os.version", platform.os_version);
  fields.read("os.features", platform.os_features);
}

void write_platform(const Platform& platform, Json& members) {
  members["os"] = platform.os;
  members["architecture"] = platform.architecture;
  if (!platform.variant.empty()) members["variant"] = platform.variant;
  if (!platform.os_version.empty()) members["os.version"] = platform.os_version;
  if (!platform.os_features.empty()) members["os.features"] = platform.os_features;
}

void read_descriptor(spec::Fields& fields, Descriptor& descriptor) {
  require_checked(fields, "mediaType", descriptor.media_type, check_media_type);
  require_checked(fields, "digest", descriptor.digest, check_digest);
  fields.require("size", descriptor.size);
  if (descriptor.size < 0) fields.error("size", "a size is not negative");
  fields.read("artifactType", descriptor.artifact_type);
  fields.read("urls", descriptor.urls);
  fields.read("annotations", descriptor.annotations);
  fields.object("platform", [&](spec::Fields& members) { read_platform(members, descriptor.platform.emplace()); });
}

Json descriptor_json(const Descriptor& descriptor) {
  Json json = {{"mediaType", descriptor.media_type}, {"digest", descriptor.digest}, {"size", descriptor.size}};
  if (!descriptor.artifact_type.empty()) json["artifactType"] = descriptor.artifact_type;
  if (!descriptor.urls.empty()) json["urls"] = descriptor.urls;
  if (!descriptor.annotations.empty()) json["annotations"] = descriptor.annotations;
  if (descriptor.platform) write_platform(*descriptor.platform, json["platform"]);
  return json;
}

}  // namespace caisson::image
