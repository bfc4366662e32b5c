#include "archive/contents.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "archive/archive_file.h"
#include "archive/files_source.h"
#include "archive/member_index.h"
#include "archive/openers.h"
#include "base/text.h"
#include "image/digest_name.h"
#include "image/layout.h"
#include "image/limits.h"
#include "image/quoted.h"
#include "kernel/files.h"

namespace caisson::archive {

namespace {

using image::ImageSource;
using image::Transport;

constexpr const char* kDockerList = "manifest.json";
constexpr const char* kOldDockerList = "repositories";
constexpr std::size_t kMostShown = 20;  // names in an error

// What no archive of images has at its top, and every root filesystem something of.
constexpr std::array<std::string_view, 19> kRootNames = {"bin",   "boot",   "dev",   "etc", "home", "lib",  "lib32",
                                                         "lib64", "libx32", "media", "mnt", "opt",  "proc", "root",
                                                         "run",   "sbin",   "sys",   "usr", "var"};

bool is_of_root_filesystem(std::string_view name) {
  return std::ranges::find(kRootNames, name.substr(0, name.find('/'))) != kRootNames.end();
}

Result<bool> has(const Files& files, std::string_view name) { return TRY(files.find(std::string(name))).has_value(); }

Result<std::vector<ContainedImage>> images_in(const std::shared_ptr<const Files>& files, const ImageSource& source,
                                              const std::string& spool) {
  switch (source.transport) {
    case Transport::kRegistry: break;
    case Transport::kOciLayout:
    case Transport::kOciArchive: return images_of_layout(files, source);
    case Transport::kDockerArchive:
      if (TRY(has(*files, image::kLayoutFile)) && TRY(has(*files, "index.json")))
        return images_of_layout(files, source);
      if (!TRY(has(*files, kDockerList)) && TRY(has(*files, kOldDockerList))) {
        return images_of_old_docker_archive(files, source, spool);
      }
      return images_of_docker_archive(files, source, spool);
    case Transport::kDirectory: return images_of_directory(files, source);
  }
  return fail(complaint("a registry is no archive"));
}

Result<std::shared_ptr<const Files>> files_at(const ImageSource& source, const std::string& spool) {
  if (source.transport == Transport::kOciLayout || source.transport == Transport::kDirectory) {
    return files_below(source.path);
  }
  ArchiveFile archive = TRY(open_archive_file(source.path, spool));
  MemberIndex index = TRY(read_member_index(archive.file->get(), archive.size));
  return std::make_shared<const MemberFiles>(std::move(archive.file), std::move(index));
}

Result<Contents> contents_of(Kind kind, Transport transport, const std::shared_ptr<const Files>& files,
                             const std::string& path, const std::string& spool) {
  const ImageSource source{.transport = transport, .path = path};
  return Contents{.kind = kind, .images = TRY_IN(source.text(), images_in(files, source, spool))};
}

Result<Contents> open_any_directory(const std::string& path, const std::string& spool) {
  const std::shared_ptr<const Files> files = TRY(files_below(path));
  if (TRY(has(*files, image::kLayoutFile)))
    return contents_of(Kind::kOciLayout, Transport::kOciLayout, files, path, spool);
  if (TRY(has(*files, kDockerList))) return contents_of(Kind::kDirectory, Transport::kDirectory, files, path, spool);
  return fail(
      in(path, complaint("it is a directory, but neither an OCI image layout nor one that skopeo's dir: writes")));
}

}  // namespace

std::string text_of(const ImageSource& source, const std::vector<std::string>& names) {
  return names.empty() ? source.text() : fmt::format("{}:{}", source.text(), names.front());
}

Error no_such_name(const std::string& name, const std::vector<std::string>& there) {
  std::vector<std::string> shown;
  for (const std::string& other : there) {
    if (!other.empty() && shown.size() < kMostShown) shown.push_back(image::quoted_name(other));
  }
  return complaint(fmt::format("there is no image of the name {}", image::quoted_name(name)),
                   shown.empty() ? "none there has a name" : "there is " + join(shown, ", "));
}

Result<std::vector<ContainedImage>> images_of_directory(const std::shared_ptr<const Files>& files,
                                                        const ImageSource& source) {
  (void)TRY(require(*files, kDockerList));
  const auto name_of = [](const std::string& digest) { return std::string(image::hex_of(digest)); };
  FilesSource::Parts parts{
      .files = files,
      .text = source.text(),
      .top = [files]() -> Result<transport::Document> {
        return transport::Document{.bytes = TRY(read_whole(*files, kDockerList, image::kManifestBytes))};
      },
      .document_name = [name_of](const std::string& digest) { return name_of(digest) + ".manifest.json"; },
      .blob_name = name_of};
  return std::vector<ContainedImage>{{.names = {}, .source = std::make_shared<FilesSource>(std::move(parts))}};
}

Result<std::vector<ContainedImage>> open_images(const ImageSource& source, const std::string& spool) {
  const auto open = [&]() -> Result<std::vector<ContainedImage>> {
    return images_in(TRY(files_at(source, spool)), source, spool);
  };
  return TRY_IN(source.text(), open());
}

Result<ContainedImage> open_image(const ImageSource& source, const std::string& spool) {
  std::vector<ContainedImage> images = TRY(open_images(source, spool));
  if (images.size() == 1) return std::move(images.front());
  std::vector<std::string> names;
  for (const ContainedImage& image : images) {
    if (names.size() < kMostShown) names.push_back(image.names.empty() ? "one without a name" : image.names.front());
  }
  return fail(
      in(source.text(), complaint(fmt::format("there are {} images in it: {}", images.size(), join(names, ", ")),
                                  "one of them is named behind the path: " + source.text() + ":NAME")));
}

Result<Contents> open_any(const std::string& path, const std::string& spool) {
  const auto status = kernel::status_of(path);
  if (path != "-" && status && S_ISDIR(status->st_mode)) return open_any_directory(path, spool);
  const std::string shown = path == "-" ? "standard input" : path;
  ArchiveFile archive = TRY_IN(shown, open_archive_file(path, spool));
  bool is_root = false;
  std::size_t entries = 0;
  MemberIndex index = TRY_IN(
      shown, read_member_index(archive.file->get(), archive.size, [&](const std::string& name, const image::TarEntry&) {
        is_root = is_of_root_filesystem(name) || ++entries == kMostMembers;
        return !is_root;
      }));
  if (is_root) return Contents{};
  const auto files = std::make_shared<const MemberFiles>(std::move(archive.file), std::move(index));
  if (TRY(has(*files, image::kLayoutFile)) && TRY(has(*files, "index.json"))) {
    return contents_of(Kind::kOciArchive, Transport::kOciArchive, files, path, spool);
  }
  if (TRY(has(*files, kDockerList)) || TRY(has(*files, kOldDockerList))) {
    return contents_of(Kind::kDockerArchive, Transport::kDockerArchive, files, path, spool);
  }
  return Contents{};
}

}  // namespace caisson::archive
