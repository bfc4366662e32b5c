#include "image/layers.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "image/digest_name.h"
#include "image/identity.h"
#include "image/store_lock.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::string_view kChains = "/layers/chain/";
constexpr std::string_view kImages = "/layers/images/";
constexpr std::string_view kTree = "/tree";
constexpr std::size_t kRecordBytes = std::size_t{64} << 10;  // more layers than an overlay may have

std::optional<Layer> find_in(const std::string& directory, std::string_view digest) {
  if (!is_digest(digest)) return std::nullopt;
  std::string tree = directory + std::string(digest.substr(digest.find(':') + 1)) + std::string(kTree);
  struct stat status{};
  if (::lstat(tree.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
  return Layer{.digest = std::string(digest), .tree = std::move(tree)};
}

}  // namespace

Error wrong_digest(std::string_view shown, std::string_view digest, std::string_view wanted) {
  return complaint(fmt::format("{} has the digest {}, not {} as --sha256 demands", shown, digest, wanted));
}

std::optional<Layer> find_layer_by_digest(const std::string& store, std::string_view digest) {
  return find_in(store + "/layers/sha256/", digest);
}

std::optional<Layer> find_layer_by_chain(const std::string& store, std::string_view chain_id) {
  return find_in(store + std::string(kChains), chain_id);
}

bool is_whiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0); }

std::optional<std::string> chain_id_of_tree(std::string_view tree) {
  if (!tree.ends_with(kTree)) return std::nullopt;
  tree.remove_suffix(kTree.size());
  const std::size_t name = tree.rfind('/') + 1;
  std::string chain_id = "sha256:" + std::string(tree.substr(name));
  if (!tree.substr(0, name).ends_with(kChains) || !is_digest(chain_id)) return std::nullopt;
  return chain_id;
}

std::vector<std::string> chain_ids_of_image(const std::string& store, std::string_view image_id) {
  const Result<std::string> text =
      kernel::read_file(store + std::string(kImages) + std::string(hex_of(image_id)), kRecordBytes);
  std::vector<std::string> chain_ids;
  if (!text || !text->ends_with('\n')) return chain_ids;  // none, or one that a crash has cut
  for (const std::string_view line : split(std::string_view(*text).substr(0, text->size() - 1), '\n')) {
    if (!is_digest(line)) return {};
    chain_ids.emplace_back(line);
  }
  return chain_ids;
}

std::optional<std::vector<std::string>> find_image_layers(const std::string& store, std::string_view image_id) {
  if (!is_digest(image_id)) return std::nullopt;
  std::vector<std::string> trees;
  for (const std::string& chain_id : chain_ids_of_image(store, image_id)) {
    std::optional<Layer> layer = find_layer_by_chain(store, chain_id);
    if (!layer) return std::nullopt;
    trees.push_back(std::move(layer->tree));
  }
  if (trees.empty()) return std::nullopt;
  std::ranges::reverse(trees);
  return trees;
}

std::optional<std::uint64_t> find_layer_size(const std::string& store, std::string_view chain_id) {
  constexpr std::size_t kMostDigits = 32;
  const Result<std::string> text =
      kernel::read_file(store + std::string(kChains) + std::string(hex_of(chain_id)) + "/bytes", kMostDigits);
  if (!text || !text->ends_with('\n')) return std::nullopt;
  return parse_unsigned(std::string_view(*text).substr(0, text->size() - 1));
}

Result<> remember_image_layers(const std::string& store, std::string_view image_id,
                               const std::vector<std::string>& chain_ids) {
  const std::string hex(hex_of(image_id));
  std::string text;
  for (const std::string& chain_id : chain_ids) text += chain_id + "\n";
  const std::string path = store + std::string(kImages) + hex;
  if (kernel::read_file(path, kRecordBytes).value_or("") == text) return {};
  const auto writing =
      TRY(open_locked(store + "/layers/lock/images", StoreLock::Kind::kExclusive, kernel::Lock::kWait));
  return replace_synced(store + "/layers/tmp/image." + hex, path, text);
}

Result<Fd> hold_layers(const std::string& store) {
  const std::string locks = store + "/layers/lock";
  if (!kernel::exists(locks)) return Fd();
  return *TRY(open_locked(locks + "/use", StoreLock::Kind::kShared, kernel::Lock::kWait));
}

Result<std::optional<Layer>> find_layer(const std::string& store, const std::string& tarball) {
  struct stat status{};
  if (::stat(tarball.c_str(), &status) != 0) return fail(os_error("stat", tarball));
  if (!S_ISREG(status.st_mode)) return std::nullopt;

  const FileIdentity identity = identity_of(status);
  const Fd entry(::open((store + "/layers/index/" + identity.key()).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!entry) return std::nullopt;
  std::array<char, 256> text{};
  const ssize_t length = ::read(entry.get(), text.data(), text.size());
  if (length <= 0) return std::nullopt;
  const std::optional<std::string> digest = digest_in_entry({text.data(), static_cast<std::size_t>(length)}, identity);
  if (!digest) return std::nullopt;
  return find_layer_by_digest(store, *digest);
}

}  // namespace caisson::image
