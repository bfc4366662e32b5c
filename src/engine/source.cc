#include "engine/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "engine/image_source.h"
#include "engine/obey_policy.h"
#include "image/image_source.h"
#include "image/layered_root.h"
#include "image/layers.h"
#include "image/transfer_child.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::engine {

namespace {

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

Result<std::string> unpack_tarball(const std::string& tarball, const RunOptions& options, const Places& places,
                                   const LayerOwners& owners, const Log& log) {
  return image::unpack_tarball({.transfer = places.libexec + "/transfer",
                                .store = owners.store,
                                .tarball = tarball,
                                .sha256 = options.sha256.empty() ? std::nullopt : std::optional(options.sha256),
                                .uids = owners.uids,
                                .gids = owners.gids,
                                .user_namespace = owners.maps,
                                .progress = !options.quiet},
                               log);
}

Result<Source> from_tarball(const std::string& tarball, const RunOptions& options, const Places& places,
                            const LayerOwners& owners, Unpack unpack, const Log& log) {
  const std::string& sha256 = options.sha256;
  Source source;
  source.hold = TRY(image::hold_layers(owners.store));
  std::optional<image::Layer> layer;
  if (tarball != "-") layer = TRY(image::find_layer(owners.store, tarball));
  if (layer && !sha256.empty() && layer->digest != "sha256:" + sha256) {
    return fail(image::wrong_digest(tarball, layer->digest, "sha256:" + sha256));
  }
  if (!layer && unpack == Unpack::kNever) {
    source.layers = {owners.store + "/layers/sha256/" + (sha256.empty() ? "DIGEST" : sha256) + "/tree"};
    source.digest = "sha256:" + sha256;
    source.is_unpacked = false;
    return source;
  }
  while (!layer) {
    source.hold = Fd();
    const std::string digest = TRY(unpack_tarball(tarball, options, places, owners, log));
    source.hold = TRY(image::hold_layers(owners.store));
    layer = image::find_layer_by_digest(owners.store, digest);  // unless it was removed in between
    if (!layer && tarball == "-") return fail(complaint("what was unpacked from standard input was removed at once"));
  }
  source.layers = {layer->tree};
  source.digest = layer->digest;
  const std::string path = tarball == "-" ? tarball : TRY(kernel::absolute_path(tarball));
  TRY(obey_policy(places, {.names = {path}, .digest = layer->digest, .file = path}, log));
  return source;
}

// DIR, or DIR:O.
Result<Source> from_directory(const std::string& word, const RunOptions& options) {
  const bool overlay = word.ends_with(":O") && !kernel::exists(word);
  const std::string path = overlay ? word.substr(0, word.size() - 2) : word;
  const auto status = kernel::status_of(path);
  const std::string_view wanted = options.is_rootfs ? "directory" : "directory or tarball";
  if (!status) return fail(complaint(fmt::format("there is no {} '{}'", wanted, path)));
  if (!S_ISDIR(status->st_mode)) return fail(complaint(fmt::format("'{}' is no {}", path, wanted)));
  if (!options.sha256.empty())
    return fail(in("--sha256", complaint(fmt::format("'{}' is a directory, which has no digest", path))));
  Source source;
  const std::string absolute = TRY(kernel::absolute_path(path));
  if (overlay) {
    source.layers = {absolute};
  } else {
    source.directory = absolute;
  }
  return source;
}

Result<Source> from_path(const std::string& word, const RunOptions& options, const Places& places,
                         const LayerOwners& owners, Unpack unpack, const Log& log) {
  const auto status = kernel::status_of(word);
  const bool is_file = status && S_ISREG(status->st_mode);
  return is_file ? from_tarball(word, options, places, owners, unpack, log) : from_directory(word, options);
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

Result<Source> find_source(const RunOptions& options, const Places& places, const LayerOwners& owners, Unpack unpack,
                           const Log& log) {
  if (options.is_rootfs) return from_directory(options.source, options);
  const auto exists = [](const std::string& path) { return kernel::exists(path); };
  const image::RunSource source = TRY(image::parse_run_source(options.source, exists));
  switch (source.kind) {
    case image::RunSourceKind::kStandardInput: return from_tarball("-", options, places, owners, unpack, log);
    case image::RunSourceKind::kBuiltin:
      return from_tarball(TRY(builtin_tarball(source.word, places)), options, places, owners, unpack, log);
    case image::RunSourceKind::kPath: return from_path(source.word, options, places, owners, unpack, log);
    case image::RunSourceKind::kImage: break;
  }
  return find_image_source(source.image, options, places, owners, unpack, log);
}

std::string read_inside(const std::string& root, const std::string& path) {
  const Result<Fd> top = kernel::open_file(root, O_PATH | O_DIRECTORY);
  if (!top) return {};
  const Fd file(kernel::open_in_root(top->get(), path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return kernel::read_all(file.get(), path, kAccountsBytes).value_or(std::string());
}

std::string read_inside(const Source& source, const std::string& path) {
  if (source.layers.empty()) return read_inside(source.directory, path);
  if (source.layers.size() == 1) return read_inside(source.layers.front(), path);
  return image::read_in_layers(source.layers, path, kAccountsBytes).value_or(std::string());
}

}  // namespace caisson::engine
