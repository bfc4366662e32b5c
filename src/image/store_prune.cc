#include "image/store_prune.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "image/digest_name.h"
#include "image/reachable.h"
#include "image/store_lock.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::string_view kNewBlob = "new.";

// Removes the file; its bytes, or nothing where it is gone already.
Result<std::optional<std::int64_t>> remove(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || ::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail(os_error("unlink", path));
  }
  return status.st_size;
}

// The same, unless another process needs the blob with these digits (lock/HEX) or makes this new one, which is locked
// itself.
Result<std::optional<std::int64_t>> remove_unless_used(const ImageStore& store, const std::string& name,
                                                       const std::string& path) {
  const bool is_new = name.starts_with(kNewBlob);
  const std::string lock = is_new ? path : store.lock_path(name);
  const auto held = TRY(StoreLock::take(lock, StoreLock::Kind::kExclusive, kernel::Lock::kTry));
  if (!held) return std::nullopt;
  return remove(path);
}

}  // namespace

Result<Pruned> prune_blobs(const ImageStore& store, Partials partials) {
  Pruned pruned;
  const StoreLock lock = TRY(StoreLock::wait(store.lock_path("index"), StoreLock::Kind::kExclusive));
  const std::set<std::string> needed = TRY(reachable_blobs(store));

  const std::string blobs = store.path() + "/blobs/sha256";
  for (const std::string& name : TRY(kernel::list_directory(blobs))) {
    if (!is_whole_id(name) || needed.contains("sha256:" + name)) continue;
    const auto bytes = TRY(remove_unless_used(store, name, store.blob_path(name)));
    if (!bytes) continue;
    ++pruned.blobs;
    pruned.bytes += *bytes;
  }
  if (partials == Partials::kKeep) return pruned;
  for (const std::string& name : TRY(kernel::list_directory(store.partial_path("")))) {
    if (!is_whole_id(name) && !name.starts_with(kNewBlob)) continue;
    const auto bytes = TRY(remove_unless_used(store, name, store.partial_path(name)));
    if (!bytes) continue;
    ++pruned.partials;
    pruned.bytes += *bytes;
  }
  return pruned;
}

}  // namespace caisson::image
