// skopeo's dir: as a destination: manifest.json, HEX.manifest.json for each of an index, and blobs by their digests.
#include <mutex>
#include <optional>
#include <set>

#include <fcntl.h>

#include "archive/file_target.h"
#include "archive/makers.h"
#include "image/digest_name.h"
#include "kernel/files.h"

namespace caisson::archive {

namespace {

using image::Descriptor;

constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kVersionFile = "version";
constexpr std::string_view kVersionWords = "Directory Transport Version: 1.";
constexpr std::string_view kManifestEnd = ".manifest.json";
constexpr std::size_t kVersionBytes = 4096;

std::string blob_name(const Descriptor& blob) { return std::string(image::hex_of(blob.digest)); }

class DirectoryDestination : public transport::Destination {
 public:
  DirectoryDestination(image::ImageSource place, std::unique_ptr<DirectoryTarget> target, std::set<std::string> old)
      : place_(std::move(place)), target_(std::move(target)), old_(std::move(old)) {}

  std::string text() const override { return place_.text(); }

  Result<bool> has(const Descriptor& blob) override {
    const std::lock_guard lock(mutex_);
    return has_now(blob);
  }

  Result<> put_blob(const Descriptor& blob, int file) override {
    const std::lock_guard lock(mutex_);
    if (TRY(has_now(blob))) return {};
    auto copy = std::make_shared<const Fd>(TRY(kernel::duplicate(file)));
    old_.erase(blob_name(blob));
    return target_->put(blob_name(blob), Extent{.file = std::move(copy), .offset = 0, .size = blob.size});
  }

  // The last one is that of the image itself.
  Result<> put_document(const Descriptor& document, std::string_view bytes,
                        const std::vector<std::string>& names) override {
    const std::lock_guard lock(mutex_);
    if (last_ && last_->is_named) return fail(complaint("there is one image in such a directory, not several"));
    if (last_) {
      const std::string name = last_->hex + std::string(kManifestEnd);
      old_.erase(name);
      TRY(target_->put(name, last_->bytes));
    }
    last_ = {.hex = blob_name(document), .bytes = std::string(bytes), .is_named = !names.empty()};
    return {};
  }

  Result<> finish() override {
    const std::lock_guard lock(mutex_);
    if (!last_) return fail(complaint("no image has come"));
    TRY(target_->put(kVersionFile, std::string(kVersionWords) + "1\n"));
    TRY(target_->put(kManifestFile, last_->bytes));
    for (const std::string& name : old_) target_->remove_at_end(name);
    return target_->finish();
  }

 private:
  struct Last {
    std::string hex;
    std::string bytes;
    bool is_named = false;
  };

  Result<bool> has_now(const Descriptor& blob) {
    const bool there = TRY(target_->has(blob_name(blob), blob.size));
    if (there) old_.erase(blob_name(blob));
    return there;
  }

  image::ImageSource place_;
  std::mutex mutex_;
  std::unique_ptr<DirectoryTarget> target_;
  std::set<std::string> old_;  // files of the image before, as far as this one has not got them too
  std::optional<Last> last_;
};

bool is_of_an_image(std::string_view name) {
  return image::is_whole_id(name) || name.starts_with("signature-") ||
         (name.ends_with(kManifestEnd) && image::is_whole_id(name.substr(0, name.size() - kManifestEnd.size())));
}

}  // namespace

DestinationResult directory_destination(const image::ImageSource& place) {
  std::unique_ptr<DirectoryTarget> target = TRY(DirectoryTarget::open(place.path));
  std::set<std::string> old;
  if (!target->was_empty()) {
    if (!TRY(target->files().find(kVersionFile)) ||
        !TRY(read_whole(target->files(), kVersionFile, kVersionBytes)).starts_with(kVersionWords)) {
      return fail(complaint("the directory is not empty, and there is no image in it that could be replaced"));
    }
    for (std::string& name : TRY(kernel::list_directory(place.path))) {
      if (is_of_an_image(name)) old.insert(std::move(name));
    }
  }
  return std::make_unique<DirectoryDestination>(place, std::move(target), std::move(old));
}

}  // namespace caisson::archive
