#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "archive/file_target.h"
#include "archive/layout_lines.h"
#include "archive/makers.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/index.h"
#include "image/layout.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/oci_types.h"
#include "kernel/files.h"

namespace caisson::archive {

namespace {

using image::Content;
using image::Descriptor;

constexpr const char* kIndexFile = "index.json";
constexpr std::initializer_list<const char*> kDirectories = {"blobs", "blobs/sha256"};

std::string blob_name(const Descriptor& blob) { return fmt::format("blobs/sha256/{}", image::hex_of(blob.digest)); }

class LayoutDestination : public transport::Destination {
 public:
  LayoutDestination(image::ImageSource place, std::unique_ptr<FileTarget> target, image::Json index)
      : place_(std::move(place)), target_(std::move(target)), index_(std::move(index)) {}

  std::string text() const override { return place_.text(); }

  Result<bool> has(const Descriptor& blob) override {
    const std::lock_guard lock(mutex_);
    return target_->has(blob_name(blob), blob.size);
  }

  Result<> put_blob(const Descriptor& blob, int file) override {
    const std::lock_guard lock(mutex_);
    if (TRY(target_->has(blob_name(blob), blob.size))) return {};
    auto copy = std::make_shared<const Fd>(TRY(kernel::duplicate(file)));
    return target_->put(blob_name(blob), Extent{.file = std::move(copy), .offset = 0, .size = blob.size});
  }

  Result<> put_document(const Descriptor& document, std::string_view bytes,
                        const std::vector<std::string>& names) override {
    const std::lock_guard lock(mutex_);
    const Content content = image::content_of(document.media_type);
    std::optional<image::Index> index;
    if (content == Content::kIndex) index = TRY_IN(document.digest, image::read_index(bytes, document.media_type));
    Converted kept{.descriptor = document, .bytes = std::string(bytes)};
    if (is_of_docker(document)) {
      if (index) {
        index = image::in_oci_types(*std::move(index), converted_);
        kept = TRY(written(image::write_index(*index), index->media_type));
      } else {
        const image::Manifest manifest =
            in_oci_types(TRY_IN(document.digest, image::read_manifest(bytes, document.media_type)));
        kept = TRY(written(image::write_manifest(manifest), manifest.media_type));
      }
      converted_.emplace(document.digest, kept.descriptor);
    }
    if (index) {
      for (const Descriptor& manifest : index->manifests) needed_.insert(manifest.digest);
    }
    if (!TRY(target_->has(blob_name(kept.descriptor), kept.descriptor.size))) {
      TRY(target_->put(blob_name(kept.descriptor), kept.bytes));
    }
    documents_.push_back({.descriptor = std::move(kept.descriptor), .names = names});
    return {};
  }

  Result<> finish() override {
    const std::lock_guard lock(mutex_);
    bool named = false;
    for (const auto& [descriptor, names] : documents_) {
      if (names.empty() && needed_.contains(descriptor.digest)) continue;
      if (named && !place_.name.empty()) return fail(complaint("there is one name for several images"));
      named = true;
      const std::vector<std::string> given = place_.name.empty() ? names : std::vector{place_.name};
      for (const std::string& name : given) add_line(index_, descriptor, name);
      if (given.empty()) add_line(index_, descriptor, "");
    }
    TRY(target_->put(kIndexFile, image::document_text(index_)));
    return target_->finish();
  }

 private:
  struct Converted {
    Descriptor descriptor;
    std::string bytes;
  };
  static Result<Converted> written(std::string bytes, const std::string& media_type) {
    const Descriptor descriptor{.media_type = media_type,
                                .digest = TRY(image::digest_of(bytes)),
                                .size = static_cast<std::int64_t>(bytes.size())};
    return Converted{descriptor, std::move(bytes)};
  }
  static bool is_of_docker(const Descriptor& document) {
    return image::oci_media_type(document.media_type) != document.media_type;
  }

  struct Document {
    Descriptor descriptor;
    std::vector<std::string> names;
  };

  image::ImageSource place_;
  std::mutex mutex_;
  std::unique_ptr<FileTarget> target_;
  image::Json index_;
  std::vector<Document> documents_;
  std::map<std::string, Descriptor> converted_;  // what Docker's manifests became, by their digests
  std::set<std::string> needed_;                 // by an index: what is in one of those needs no line
};

DestinationResult in_archive(const image::ImageSource& place, const std::string& spool) {
  std::unique_ptr<FileTarget> target = TRY(archive_target(place.path, spool, kDirectories));
  TRY(target->put(std::string(image::kLayoutFile), image::kLayoutText));
  return std::make_unique<LayoutDestination>(place, std::move(target), empty_index());
}

DestinationResult in_directory(const image::ImageSource& place) {
  std::unique_ptr<DirectoryTarget> target = TRY(DirectoryTarget::open(place.path));
  const std::string layout_file(image::kLayoutFile);
  image::Json index = empty_index();
  if (target->was_empty()) {
    TRY(target->put(layout_file, image::kLayoutText));
  } else {
    if (!TRY(target->files().find(layout_file))) {
      return fail(complaint("the directory is not empty, and no OCI image layout"));
    }
    TRY(image::check_layout(TRY(read_whole(target->files(), layout_file, image::kLayoutBytes)), layout_file));
    if (TRY(target->files().find(kIndexFile))) {
      index = TRY(read_index_lines(TRY(read_whole(target->files(), kIndexFile, image::kManifestBytes))));
    }
  }
  for (const char* name : kDirectories) TRY(target->make_directory(name));
  return std::make_unique<LayoutDestination>(place, std::move(target), std::move(index));
}

}  // namespace

DestinationResult layout_destination(const image::ImageSource& place, const std::string& spool) {
  return place.transport == image::Transport::kOciArchive ? in_archive(place, spool) : in_directory(place);
}

}  // namespace caisson::archive
