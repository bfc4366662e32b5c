#include "image/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "image/digest_name.h"
#include "image/document.h"
#include "image/layout.h"
#include "image/limits.h"
#include "image/store_index.h"
#include "image/store_lock.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr mode_t kPrivate = 0700;

Result<> check_layout_at(const std::string& path) {
  const std::string file = path + "/oci-layout";
  const Result<std::string> text = kernel::read_file(file, kLayoutBytes);
  if (!text && text.error().number == ENOENT) return {};
  return check_layout(TRY(text), file);
}

Result<> make_private(const std::string& path) {
  if (::mkdir(path.c_str(), kPrivate) == 0) return sync_directory(path.substr(0, path.rfind('/')));
  if (errno != EEXIST) return fail(os_error("mkdir", path));
  return {};
}

void add(StoreIndex& index, Result<StoreEntry> entry) {
  if (entry) {
    index.entries.push_back(*std::move(entry));
  } else {
    index.unreadable.push_back(entry.error().text());
  }
}

}  // namespace

Result<ImageStore> ImageStore::open(std::string path) {
  TRY(check_layout_at(path));
  return ImageStore(std::move(path));
}

Result<ImageStore> ImageStore::create(std::string path) {
  ImageStore store = TRY(open(std::move(path)));
  TRY(kernel::make_directories(store.path_.substr(0, store.path_.rfind('/'))));
  for (const char* directory : {"", "/blobs", "/blobs/sha256", "/partial", "/lock"}) {
    TRY(make_private(store.path_ + directory));
  }
  const std::string layout = store.path_ + "/oci-layout";
  if (kernel::exists(layout) && kernel::exists(store.path_ + "/index.json")) return store;
  const StoreLock lock = TRY(StoreLock::wait(store.lock_path("index"), StoreLock::Kind::kExclusive));
  if (!kernel::exists(store.path_ + "/index.json")) TRY(write_index_tree(store, TRY(read_index_tree(store))));
  if (!kernel::exists(layout)) TRY(replace_synced(store.partial_path("index.json"), layout, kLayoutText));
  return store;
}

std::string ImageStore::blob_path(std::string_view digest) const {
  return path_ + "/blobs/sha256/" + std::string(hex_of(digest));
}

bool ImageStore::has(const Descriptor& blob) const {
  struct stat status{};
  return ::lstat(blob_path(blob.digest).c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_size == blob.size;
}

Result<std::string> ImageStore::read_blob(const Descriptor& blob, std::size_t limit_bytes) const {
  const auto wrong = [&](std::string words) { return fail(in(blob.digest, complaint(std::move(words)))); };
  if (blob.size < 0 || static_cast<std::uint64_t>(blob.size) > limit_bytes) {
    return wrong(fmt::format("it has {} bytes, and {} are allowed", blob.size, limit_bytes));
  }
  const std::string path = blob_path(blob.digest);
  const Fd file = TRY(kernel::open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(os_error("fstat", path));
  if (!S_ISREG(status.st_mode)) return wrong("it is not a file in the store");
  if (status.st_size != blob.size) {
    return wrong(fmt::format("it has {} bytes in the store, not {}", status.st_size, blob.size));
  }
  return kernel::read_all(file.get(), path, limit_bytes);
}

Result<StoreIndex> ImageStore::index() const {
  const spec::Document tree = TRY(parse_index(*this, TRY(read_index_text(*this))));
  StoreIndex index;
  const spec::Place list("/manifests");
  std::size_t i = 0;
  for (const spec::Json& line : tree["manifests"].GetArray()) add(index, entry_from(line, spec::Place(list, i++)));
  return index;
}

Result<StoreIndex> ImageStore::index_about(std::string_view word) const { return some_of_index(word, Stands::kAlone); }

Result<StoreIndex> ImageStore::index_ending(std::string_view word) const {
  return some_of_index(word, Stands::kAtTheEnd);
}

Result<StoreIndex> ImageStore::some_of_index(std::string_view word, Stands stands) const {
  const std::string text = TRY(read_index_text(*this));
  const auto lines = lines_with(text, word, stands);
  if (!lines) return index();
  StoreIndex some;
  for (const std::string_view line : *lines) {
    const Result<spec::Document> tree = parse_document(line, "index.json", kManifestBytes);
    if (!tree) return index();  // which says where it is wrong
    add(some, entry_from(*tree, spec::Place("")));
  }
  return some;
}

}  // namespace caisson::image
