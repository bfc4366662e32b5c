#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "archive/files_source.h"
#include "archive/openers.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/index.h"
#include "image/layout.h"
#include "image/limits.h"
#include "image/reference.h"

namespace caisson::archive {

namespace {

using image::Descriptor;

// The whole name beside the tag, which alone is in kRefName then: containerd's and Docker's since 25.
constexpr const char* kContainerdName = "io.containerd.image.name";

std::string annotation(const Descriptor& descriptor, std::string_view key) {
  const auto found = descriptor.annotations.find(std::string(key));
  return found == descriptor.annotations.end() ? "" : found->second;
}

// A name in a layout names no registry unless it says so: as podman has it, "busybox:1" is localhost/busybox:1 there.
// Nothing for what can be no image's name.
std::optional<std::string> whole_name(const Descriptor& descriptor) {
  const std::string containerd = annotation(descriptor, kContainerdName);
  const std::string name = containerd.empty() ? annotation(descriptor, image::kRefName) : containerd;
  const bool is_short = image::is_short_name(name);
  const Result<image::Reference> reference = image::parse_reference(is_short ? "localhost/" + name : name);
  if (!reference) return std::nullopt;
  return image::with_default_tag(*reference).text();
}

bool is_called(const Descriptor& descriptor, const std::string& name) {
  if (annotation(descriptor, image::kRefName) == name || annotation(descriptor, kContainerdName) == name) return true;
  const Result<image::Reference> reference = image::parse_reference(name);
  return reference && whole_name(descriptor) == image::with_default_tag(*reference).text();
}

std::string blob_name(const std::string& digest) { return fmt::format("blobs/sha256/{}", image::hex_of(digest)); }

Result<transport::Document> read_top(const Files& files, const Descriptor& top) {
  const std::string name = blob_name(top.digest);
  std::string bytes = TRY(read_whole(files, name, image::kManifestBytes));
  if (static_cast<std::int64_t>(bytes.size()) != top.size) {
    return fail(in(top.digest, complaint(fmt::format("it has {} bytes, not {}", bytes.size(), top.size))));
  }
  if (const std::string digest = TRY(image::digest_of(bytes)); digest != top.digest) {
    return fail(in(top.digest, complaint(fmt::format("its content has the digest {}", digest))));
  }
  return transport::Document{.bytes = std::move(bytes), .media_type = top.media_type};
}

}  // namespace

Result<std::vector<ContainedImage>> images_of_layout(const std::shared_ptr<const Files>& files,
                                                     const image::ImageSource& source) {
  const std::string layout_file(image::kLayoutFile);
  TRY(image::check_layout(TRY(read_whole(*files, layout_file, image::kLayoutBytes)), layout_file));
  const image::Index index =
      TRY_IN("index.json", image::read_index(TRY(read_whole(*files, "index.json", image::kManifestBytes))));
  struct Line {
    Descriptor descriptor;
    std::vector<std::string> names;
  };
  std::vector<Line> lines;
  for (const Descriptor& descriptor : index.manifests) {
    if (!source.name.empty() && !is_called(descriptor, source.name)) continue;
    auto line = std::ranges::find(lines, descriptor.digest, [](const Line& known) { return known.descriptor.digest; });
    if (line == lines.end()) line = lines.insert(lines.end(), {.descriptor = descriptor, .names = {}});
    std::optional<std::string> name = whole_name(descriptor);
    if (name && std::ranges::find(line->names, *name) == line->names.end()) line->names.push_back(*std::move(name));
  }
  if (lines.empty() && !source.name.empty()) {
    std::vector<std::string> names;
    for (const Descriptor& descriptor : index.manifests) names.push_back(annotation(descriptor, image::kRefName));
    return fail(no_such_name(source.name, names));
  }
  if (lines.empty()) return fail(complaint("there is no image in it"));
  std::vector<ContainedImage> images;
  for (Line& line : lines) {
    std::string text = lines.size() == 1 ? source.text() : text_of(source, line.names);
    images.push_back({.names = std::move(line.names),
                      .source = std::make_shared<FilesSource>(FilesSource::Parts{
                          .files = files,
                          .text = std::move(text),
                          .top = [files, top = std::move(line.descriptor)] { return read_top(*files, top); },
                          .document_name = blob_name,
                          .blob_name = blob_name})});
  }
  return images;
}

}  // namespace caisson::archive
