#include "engine/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "image/layers.h"
#include "image/transfer_child.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kBuiltin = "builtin:";
constexpr std::size_t kAccountsBytes = 4U << 20;

Result<std::string> builtin_tarball(const std::string& name, const Places& places) {
  std::string tarball = places.share + "/" + name + ".tar.gz";
  if (name.find('/') == std::string::npos && kernel::exists(tarball)) return tarball;
  return fail(in("builtin:" + name,
                 complaint(fmt::format("there is no {}", tarball),
                           name == "busybox" ? "it is made and installed with caisson: script/build, cmake --install"
                                             : "builtin:busybox is there")));
}

// A name for a mapping, with FNV-1a (draft-eastlake-fnv): a user has a handful of them.
std::string store_name(const std::string& mapping) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : mapping) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return fmt::format("{:016x}", hash);
}

Result<Source> from_tarball(const std::string& tarball, const std::string& sha256, const Places& places,
                            const LayerOwners& owners, Unpack unpack, const Log& log) {
  std::optional<image::Layer> layer;
  if (tarball != "-") layer = TRY(image::find_layer(owners.store, tarball));
  if (layer && !sha256.empty() && layer->digest != "sha256:" + sha256) {
    return fail(image::wrong_digest(tarball, layer->digest, "sha256:" + sha256));
  }
  if (!layer && unpack == Unpack::kNever) {
    return Source{.directory = owners.store + "/layers/sha256/" + (sha256.empty() ? "DIGEST" : sha256) + "/tree",
                  .overlay = true,
                  .digest = "sha256:" + sha256};
  }
  if (!layer) {
    layer = TRY(image::unpack_tarball({.transfer = places.libexec + "/transfer",
                                       .store = owners.store,
                                       .tarball = tarball,
                                       .sha256 = sha256.empty() ? std::nullopt : std::optional(sha256),
                                       .uids = owners.uids,
                                       .gids = owners.gids,
                                       .user_namespace = owners.maps,
                                       .progress = true},
                                      log));
  }
  return Source{.directory = layer->tree, .overlay = true, .digest = layer->digest};
}

}  // namespace

LayerOwners layer_owners(const Places& places, const UserNamespace& user_namespace, const OwnIds* own) {
  if (own == nullptr) return {.store = places.root, .maps = std::nullopt, .uids = {}, .gids = {}};
  const std::string name = store_name(mapping_words(user_namespace.uids) + " " + mapping_words(user_namespace.gids));
  LayerOwners owners{.store = places.root + "/mapped/" + name, .maps = std::nullopt, .uids = {}, .gids = {}};
  if (!own->lacking.empty()) return owners;  // there is one id: everything is its own
  owners.maps = own->maps;
  const IdMappings uids = by_position(user_namespace.uids, own->users);
  const IdMappings gids = by_position(user_namespace.gids, own->groups);
  if (user_namespace.uids == whole_row(own->users) && user_namespace.gids == whole_row(own->groups)) return owners;
  owners.uids = mapping_words(uids);
  owners.gids = mapping_words(gids);
  return owners;
}

Result<Source> find_source(const std::string& source, const std::string& sha256, const Places& places,
                           const LayerOwners& owners, Unpack unpack, const Log& log) {
  if (source == "-") return from_tarball(source, sha256, places, owners, unpack, log);
  if (source.starts_with(kBuiltin)) {
    return from_tarball(TRY(builtin_tarball(source.substr(kBuiltin.size()), places)), sha256, places, owners, unpack,
                        log);
  }
  const bool overlay = source.ends_with(":O") && !kernel::exists(source);
  const std::string path = overlay ? source.substr(0, source.size() - 2) : source;
  const auto status = kernel::status_of(path);
  if (!status) {
    return fail(complaint(fmt::format("there is no directory or tarball '{}'", path),
                          path.find('/') == std::string::npos
                              ? "images of registries are not there yet; builtin:busybox needs no download"
                              : ""));
  }
  if (S_ISREG(status->st_mode) && !overlay) return from_tarball(path, sha256, places, owners, unpack, log);
  if (!S_ISDIR(status->st_mode)) return fail(complaint(fmt::format("'{}' is neither a directory nor a tarball", path)));
  if (!sha256.empty())
    return fail(in("--sha256", complaint(fmt::format("'{}' is a directory, which has no digest", path))));
  return Source{.directory = TRY(kernel::absolute_path(path)), .overlay = overlay, .digest = {}};
}

std::string read_inside(const std::string& root, const std::string& path) {
  const Result<Fd> top = kernel::open_file(root, O_PATH | O_DIRECTORY);
  if (!top) return {};
  const Fd file(kernel::open_in_root(top->get(), path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return kernel::read_all(file.get(), path, kAccountsBytes).value_or(std::string());
}

}  // namespace caisson::engine
