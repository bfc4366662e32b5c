#include "image/reachable.h"

#include <sys/stat.h>

#include <vector>

#include "image/digest_name.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/media_type.h"
#include "image/store_index.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

class Walk {
 public:
  explicit Walk(const ImageStore& store) : store_(store) {}

  void add(const std::string& digest, const std::string& media_type) {
    if (reached_.insert(digest).second) waiting_.push_back({digest, media_type});
  }

  std::set<std::string> reach() && {
    while (!waiting_.empty()) {
      const Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      visit(next.digest, next.media_type);
    }
    return std::move(reached_);
  }

 private:
  struct Waiting {
    std::string digest;
    std::string media_type;
  };

  void add(const Descriptor& descriptor) { add(descriptor.digest, descriptor.media_type); }
  void add(const Manifest& manifest) {
    add(manifest.config);
    for (const Descriptor& layer : manifest.layers) add(layer);
    if (manifest.subject) add(*manifest.subject);
  }
  void add(const Index& index) {
    for (const Descriptor& manifest : index.manifests) add(manifest);
    if (index.subject) add(*index.subject);
  }

  void visit(const std::string& digest, const std::string& media_type) {
    switch (content_of(media_type)) {
      case Content::kConfig:
      case Content::kLayer:
      case Content::kEncryptedLayer: return;
      case Content::kIndex:
      case Content::kManifest:
      case Content::kSchema1:
      case Content::kOther: break;
    }
    const Result<std::string> text = document(digest);
    if (!text) return;  // not there, or too large for a document
    if (const Result<ManifestOrIndex> known = read_manifest_or_index(*text)) {
      return std::visit([&](const auto& read) { add(read); }, *known);
    }
    for (const std::string& other : digests_in(*text)) add(other, "");
  }

  // Of whatever size it is, up to the largest that a document has.
  Result<std::string> document(const std::string& digest) const {
    const std::optional<struct stat> status = kernel::status_of(store_.blob_path(digest));
    if (!status) return fail(complaint("not in the store"));
    return store_.read_blob({.media_type = {}, .digest = digest, .size = status->st_size}, kManifestBytes);
  }

  const ImageStore& store_;
  std::set<std::string> reached_;
  std::vector<Waiting> waiting_;
};

}  // namespace

Result<std::set<std::string>> reachable_blobs(const ImageStore& store) {
  Walk walk(store);
  const StoreIndex index = TRY(store.index());
  for (const StoreEntry& entry : index.entries) {
    walk.add(entry.descriptor.digest, entry.descriptor.media_type);
    if (entry.stand_in) walk.add(entry.stand_in->digest, entry.stand_in->media_type);
  }
  if (!index.unreadable.empty()) {
    for (const std::string& digest : digests_in(TRY(read_index_text(store)))) walk.add(digest, "");
  }
  return std::move(walk).reach();
}

}  // namespace caisson::image
