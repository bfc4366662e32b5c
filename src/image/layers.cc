#include "image/layers.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/digest_name.h"
#include "image/identity.h"

namespace caisson::image {

namespace {

constexpr std::string_view kChains = "/layers/chain/";
constexpr std::string_view kTree = "/tree";

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

std::optional<std::string> chain_id_of_tree(std::string_view tree) {
  if (!tree.ends_with(kTree)) return std::nullopt;
  tree.remove_suffix(kTree.size());
  const std::size_t name = tree.rfind('/') + 1;
  std::string chain_id = "sha256:" + std::string(tree.substr(name));
  if (!tree.substr(0, name).ends_with(kChains) || !is_digest(chain_id)) return std::nullopt;
  return chain_id;
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
