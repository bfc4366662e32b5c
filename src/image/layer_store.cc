#include "image/layer_store.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/acl.h"
#include "image/spool_file.h"
#include "image/store_lock.h"
#include "image/synced.h"
#include "image/unfinished.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kPrivateFile = 0600;
constexpr std::size_t kMostOwnersBytes = std::size_t{64} << 10;
constexpr mode_t kTreeMode = 0755;  // of the root directory of an archive that does not say

Result<> make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (::mkdir(prefix.c_str(), 0755) != 0 && errno != EEXIST) return fail(os_error("mkdir", prefix));
    if (end == std::string::npos) return {};
  }
}

Result<Fd> open_made(int parent, const char* name) {
  if (::mkdirat(parent, name, kPrivateDirectory) != 0 && errno != EEXIST) return fail(os_error("mkdirat", name));
  Fd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail(os_error("openat", name));
  return fd;
}

}  // namespace

LayerKey LayerKey::tarball(std::string_view digest) {
  return {.kind = Kind::kTarball, .hex = std::string(digest.substr(digest.find(':') + 1))};
}

LayerKey LayerKey::chain(std::string_view chain_id) {
  return {.kind = Kind::kChain, .hex = std::string(chain_id.substr(chain_id.find(':') + 1))};
}

std::string LayerKey::name() const { return kind == Kind::kTarball ? hex : "chain." + hex; }

Result<LayerStore> LayerStore::open(const std::string& path) {
  TRY(make_directories(path));
  LayerStore store;
  store.path_ = path;
  const Fd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail(os_error("open", path));
  const Fd layers = TRY_IN(path, open_made(root.get(), "layers"));
  store.index_ = TRY_IN(path, open_made(layers.get(), "index"));
  (void)TRY_IN(path, open_made(layers.get(), "lock"));
  store.tarballs_ = TRY_IN(path, open_made(layers.get(), "sha256"));
  store.chains_ = TRY_IN(path, open_made(layers.get(), "chain"));
  store.tmp_ = TRY_IN(path, open_made(layers.get(), "tmp"));
  (void)TRY_IN(path, open_made(layers.get(), "images"));
  TRY_IN("clear " + path + "/layers/tmp", clear_unfinished(path));
  return store;
}

Result<Fd> LayerStore::lock(const std::string& name) {
  const std::string path = path_ + "/layers/lock/" + name;
  return *TRY(open_locked(path, StoreLock::Kind::kExclusive, kernel::Lock::kWait));
}

std::optional<std::string> LayerStore::recall(const FileIdentity& identity) const {
  const Fd entry(::openat(index_.get(), identity.key().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!entry) return std::nullopt;
  std::array<char, 256> text{};
  const ssize_t length = ::read(entry.get(), text.data(), text.size());
  if (length <= 0) return std::nullopt;
  return digest_in_entry({text.data(), static_cast<std::size_t>(length)}, identity);
}

Result<> LayerStore::remember(const FileIdentity& identity, const std::string& digest) {
  const std::string name = identity.key();
  const std::string entry = index_entry(identity, digest);
  const Fd file(
      ::openat(tmp_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kPrivateFile));
  if (!file) return fail(os_error("openat", name));
  if (::write(file.get(), entry.data(), entry.size()) != static_cast<ssize_t>(entry.size())) {
    return fail(os_error("write", name));
  }
  if (::renameat(tmp_.get(), name.c_str(), index_.get(), name.c_str()) != 0) return fail(os_error("renameat", name));
  return {};
}

Result<Fd> LayerStore::begin(const LayerKey& key) {
  const std::string name = key.name();
  TRY(kernel::remove_tree_at(tmp_.get(), name));
  const Fd holder = TRY(open_made(tmp_.get(), name.c_str()));
  // Nothing of what the store lies in is passed on: no group (the set-group-ID bit), no default access control list.
  if (::fchmod(holder.get(), kPrivateDirectory) != 0) return fail(os_error("fchmod", name));
  (void)::fremovexattr(holder.get(), kDefaultAclAttribute);
  if (::mkdirat(holder.get(), "tree", kTreeMode) != 0) return fail(os_error("mkdirat", name + "/tree"));
  Fd tree(::openat(holder.get(), "tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!tree) return fail(os_error("openat", name + "/tree"));
  return tree;
}

Result<> LayerStore::remember_size(const LayerKey& key, std::uint64_t bytes) {
  const std::string name = key.name() + "/bytes";
  const Fd file = TRY(kernel::open_file_at(tmp_.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kPrivateFile));
  return kernel::write_all(file.get(), fmt::format("{}\n", bytes), name);
}

Result<OwnerMaps> LayerStore::settle_owners(const OwnerMaps& owners) {
  const std::string path = path_ + "/layers/owners";
  const auto writing =
      TRY(open_locked(path_ + "/layers/lock/owners", StoreLock::Kind::kExclusive, kernel::Lock::kWait));
  const bool given = !owners.uids.empty() || !owners.gids.empty();
  if (!kernel::exists(path)) {
    if (given) TRY(replace_synced(path_ + "/layers/tmp/owners", path, owner_maps_text(owners)));
    return owners;
  }
  const OwnerMaps recorded = TRY_IN(path, read_owner_maps(TRY(kernel::read_file(path, kMostOwnersBytes))));
  if (!given || recorded == owners) return recorded;
  return fail(in(path, complaint("the layers here have other owners than those asked for")));
}

Result<> LayerStore::commit(const LayerKey& key) {
  TRY(sync());
  return place(key);
}

Result<> LayerStore::sync() {
  if (::syncfs(tmp_.get()) != 0) return fail(os_error("syncfs", path_));
  return {};
}

Result<> LayerStore::place(const LayerKey& key) {
  const Fd& layers = key.kind == LayerKey::Kind::kTarball ? tarballs_ : chains_;
  if (::renameat2(tmp_.get(), key.name().c_str(), layers.get(), key.hex.c_str(), RENAME_NOREPLACE) != 0) {
    return fail(os_error("renameat2", key.hex));
  }
  return {};
}

Result<> LayerStore::abandon(const LayerKey& key) { return kernel::remove_tree_at(tmp_.get(), key.name()); }

Result<Fd> LayerStore::spool_file() { return image::spool_file(tmp_.get()); }

}  // namespace caisson::image
