#include "image/check_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "image/digest.h"
#include "image/digest_name.h"
#include "image/image_config.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/name_image.h"
#include "image/quoted.h"
#include "image/stand_in.h"
#include "image/store_lock.h"
#include "image/store_names.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kPiece = 1U << 20;
constexpr int kMostIndexes = 4;  // in one another

class Check {
 public:
  Check(const std::string& path, Mend mend) : path_(path), mend_(mend == Mend::kYes) {}

  Result<StoreCheck> all() {
    if (!kernel::exists(path_)) return StoreCheck{};
    TRY(check_layout());
    ImageStore store = TRY(mend_ ? ImageStore::create(path_) : ImageStore::open(path_));
    const bool rebuild = TRY(check_index(store));
    TRY(check_blobs(store));
    if (rebuild) TRY(name_whole_images(store));
    if (!index_lost_) TRY(check_images(store));
    return std::move(found_);
  }

 private:
  void problem(std::string words, std::string_view done) {
    found_.problems.push_back(mend_ && !done.empty() ? fmt::format("{} ({})", words, done) : std::move(words));
    if (!mend_ || done.empty()) ++found_.unmended;
  }

  Result<> check_layout() {
    const Result<ImageStore> store = ImageStore::open(path_);
    if (store) return {};
    const std::string file = path_ + "/oci-layout";
    const auto status = kernel::status_of(file);
    // One of a later version is whole, and not for this program to change.
    const bool empty = status && S_ISREG(status->st_mode) && status->st_size == 0;
    if (!empty) return fail(store.error());
    problem(store.error().text(), "made anew");
    if (mend_ && ::unlink(file.c_str()) != 0) return fail(os_error("unlink", file));
    return mend_ ? Result<>() : fail(in(file, complaint("it is empty", "caisson system check --repair makes it anew")));
  }

  // True if the index was made anew, empty.
  Result<bool> check_index(const ImageStore& store) {
    const Result<StoreIndex> index = store.index();
    if (!index) {
      problem(index.error().text(), "put aside as index.json.damaged, and made anew: names are lost");
      index_lost_ = !mend_;
      if (mend_) TRY(set_index_aside(store));
      return mend_;
    }
    for (const std::string& words : index->unreadable) problem(words, "the line is removed");
    if (mend_ && !index->unreadable.empty()) TRY(remove_unreadable(store));
    return false;
  }

  // The digest of a blob's file, or nothing where it has gone meanwhile.
  Result<std::optional<std::string>> hash(const std::string& path) {
    Result<Fd> opened = kernel::open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!opened && opened.error().number == ENOENT) return std::nullopt;
    const Fd file = TRY(std::move(opened));
    Sha256 hash = TRY(Sha256::start());
    std::vector<char> piece(kPiece);
    for (;;) {
      const ssize_t length = ::read(file.get(), piece.data(), piece.size());
      if (length < 0 && errno == EINTR) continue;
      if (length < 0) return fail(os_error("read", path));
      if (length == 0) break;
      hash.update({piece.data(), static_cast<std::size_t>(length)});
      found_.bytes += static_cast<std::uint64_t>(length);
    }
    ++found_.blobs;
    return TRY(hash.digest());
  }

  Result<> check_blobs(const ImageStore& store) {
    for (const std::string& name : TRY(kernel::list_directory(path_ + "/blobs/sha256"))) {
      if (!is_whole_id(name)) continue;
      const std::string digest = "sha256:" + name;
      // A disk that cannot read it has damaged it too.
      const Result<std::optional<std::string>> is = hash(store.blob_path(digest));
      if (is && (!*is || **is == digest)) continue;
      damaged_.insert(digest);
      const std::string words = is ? fmt::format("its content has another digest, {}", **is) : is.error().text();
      problem(fmt::format("blob {}: {}", digest, words), mend_ ? TRY(remove_blob(store, name)) : "");
    }
    return {};
  }

  // What was done about it: nothing while another process needs it.
  Result<std::string_view> remove_blob(const ImageStore& store, const std::string& name) {
    const auto lock = TRY(StoreLock::take(store.lock_path(name), StoreLock::Kind::kExclusive, kernel::Lock::kTry));
    if (!lock) return "";
    const std::string path = store.blob_path("sha256:" + name);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(os_error("unlink", path));
    return "removed";
  }

  // All images whose manifests are there and that are whole get a line each, without a name.
  Result<> name_whole_images(const ImageStore& store) {
    std::vector<Descriptor> whole;
    for (const std::string& name : TRY(kernel::list_directory(path_ + "/blobs/sha256"))) {
      const auto status = kernel::status_of(path_ + "/blobs/sha256/" + name);
      if (!is_whole_id(name) || !status) continue;
      Descriptor target{.media_type = {}, .digest = "sha256:" + name, .size = status->st_size};
      const Result<std::string> text = store.read_blob(target, kManifestBytes);
      const Result<Manifest> manifest = text ? read_manifest(*text) : fail(text.error());
      if (!manifest || !check_is_image(*manifest)) continue;
      target.media_type = manifest->media_type;
      whole.push_back(std::move(target));
    }
    std::set<std::string> stand_ins;
    for (const Descriptor& target : whole) {
      if (const auto made = stand_in_for(store, target); made && *made) stand_ins.insert((*made)->descriptor().digest);
    }
    for (const Descriptor& target : whole) {
      if (!stand_ins.contains(target.digest)) (void)name_image(store, {}, target);  // unless it lacks something
    }
    return {};
  }

  // What is wrong with the image or index at `target`, or nothing.
  std::string fault_of(const ImageStore& store, const Descriptor& target, int depth) {
    const Result<std::string> text = whole(store, target, kManifestBytes);
    const Result<ManifestOrIndex> either = text ? read_manifest_or_index(*text, target.media_type) : fail(text.error());
    if (!either) return in(target.digest, either.error()).text();
    if (const Index* index = std::get_if<Index>(&*either)) {
      if (depth == kMostIndexes) return fmt::format("more than {} indexes in one another", kMostIndexes);
      bool any = false;
      for (const Descriptor& manifest : index->manifests) {  // those for other platforms need not be there
        if (!store.has(manifest)) continue;
        any = true;
        if (std::string fault = fault_of(store, manifest, depth + 1); !fault.empty()) return fault;
      }
      return any ? "" : fmt::format("{}: none of its images is there", target.digest);
    }
    const Manifest& manifest = std::get<Manifest>(*either);
    for (const Descriptor& layer : manifest.layers) {
      if (!store.has(layer) || damaged_.contains(layer.digest))
        return fmt::format("the layer {} is missing", layer.digest);
    }
    const Result<std::string> config_text = whole(store, manifest.config, kConfigBytes);
    if (!config_text) return fmt::format("the config {} is missing", manifest.config.digest);
    if (!check_is_image(manifest)) return {};  // an artifact, whose config is its own affair
    const Result<ImageConfig> config = read_image_config(*config_text);
    const Result<> fits = config ? check_layers(manifest, *config) : fail(config.error());
    return fits ? "" : in(manifest.config.digest, fits.error()).text();
  }

  Result<std::string> whole(const ImageStore& store, const Descriptor& blob, std::size_t limit_bytes) {
    if (damaged_.contains(blob.digest)) return fail(complaint("it is damaged"));
    return store.read_blob(blob, limit_bytes);
  }

  // What skopeo and umoci find under the name of a whole image.
  Result<> check_stand_in(const ImageStore& store, const StoreEntry& entry, const std::string& shown) {
    const auto right = TRY(stand_in_for(store, entry.descriptor));
    if (!right) return {};
    const bool all_there = std::ranges::all_of(right->documents, [&](const StandIn::Document& document) {
      return store.has(document.descriptor) && !damaged_.contains(document.descriptor.digest);
    });
    if (all_there && entry.stand_in == right->descriptor()) return {};
    problem(fmt::format("image {}: its manifest in OCI's words, for other programs, is missing", shown), "made anew");
    if (!mend_) return {};
    for (const StandIn::Document& document : right->documents) damaged_.erase(document.descriptor.digest);
    return name_image(store, entry.name.empty() ? std::vector<std::string>() : std::vector{entry.name},
                      entry.descriptor);
  }

  Result<> check_images(const ImageStore& store) {
    for (const StoreEntry& entry : TRY(store.index()).entries) {
      const std::string fault = fault_of(store, entry.descriptor, 0);
      const std::string shown = entry.name.empty() ? entry.descriptor.digest : quoted_name(entry.name);
      if (fault.empty()) {
        TRY(check_stand_in(store, entry, shown));
        continue;
      }
      problem(fmt::format("image {}: {}", shown, fault), "removed: pull or load it again");
      if (!mend_) continue;
      TRY(remove_entries(store, [&](const StoreEntry& other) {
        return other.name == entry.name && other.descriptor.digest == entry.descriptor.digest;
      }));
    }
    return {};
  }

  const std::string& path_;
  bool mend_;
  bool index_lost_ = false;
  StoreCheck found_;
  std::set<std::string> damaged_;
};

}  // namespace

Result<StoreCheck> check_store(const std::string& path, Mend mend) { return Check(path, mend).all(); }

}  // namespace caisson::image
