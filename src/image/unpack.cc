#include "image/unpack.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/digest_name.h"
#include "image/extract.h"
#include "image/fingerprint.h"
#include "image/layer_store.h"
#include "image/layers.h"
#include "image/make_layer.h"
#include "image/pipeline.h"
#include "image/progress.h"

namespace caisson::image {

namespace {

Result<std::string> wanted_digest(std::string_view text) {
  std::string digest(text);
  std::transform(digest.begin(), digest.end(), digest.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? char(c + 32) : c; });
  if (!digest.starts_with("sha256:")) digest = "sha256:" + digest;
  if (!is_digest(digest)) return fail(complaint(fmt::format("not 64 hexadecimal digits: '{}'", text)));
  return digest;
}

// Unpacks into `tree`. What was unpacked is hashed once more on the way: that it is what the digest
// says does not rest on the file's having been left alone since.
Result<UnpackedTree> unpack_tree(const Tarball& tarball, Fd tree, const OwnerMaps& owners, Progress& progress) {
  const auto tell = [&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); };
  Pipeline pipeline(tarball.file.get(), tarball.size, {.stored = TRY(Sha256::start())}, tell);
  TarReader reader(pipeline);
  Extractor extractor(std::move(tree), ::geteuid() == 0 ? Privilege::kRoot : Privilege::kUser, owners);
  TRY(extractor.begin());
  while (const std::optional<TarEntry> entry = TRY(reader.next())) TRY(extractor.apply(*entry, reader));
  if (TRY(pipeline.drain()).stored != tarball.digest)
    return fail(complaint("the tarball changed while it was unpacked"));
  TRY(extractor.finish());
  return UnpackedTree{.notes = extractor.notes(), .bytes = extractor.bytes()};
}

Result<std::vector<std::string>> unpack_once(LayerStore& store, const Tarball& tarball, const OwnerMaps& owners,
                                             Progress& progress) {
  const LayerKey key = LayerKey::tarball(tarball.digest);
  const Fd lock = TRY(store.lock(key.name()));
  if (find_layer_by_digest(store.path(), tarball.digest)) return std::vector<std::string>();  // by whom we waited for
  return make_layer(store, key, [&](Fd tree) { return unpack_tree(tarball, std::move(tree), owners, progress); });
}

}  // namespace

Result<Unpacked> unpack_into_store(const UnpackOptions& options) {
  ::umask(0);
  std::optional<std::string> wanted;
  if (options.sha256) wanted = TRY_IN("--sha256", wanted_digest(*options.sha256));
  LayerStore store = TRY(LayerStore::open(options.store));
  const std::string shown = options.tarball == "-" ? "standard input" : options.tarball;
  Progress progress("unpacking " + shown.substr(shown.rfind('/') + 1), options.progress);

  const Tarball tarball = TRY_IN(shown, open_tarball(store, options.tarball, progress));
  if (wanted && *wanted != tarball.digest) {
    return fail(wrong_digest(shown, tarball.digest, *wanted));
  }
  Unpacked unpacked{.digest = tarball.digest, .notes = {}};
  if (!find_layer_by_digest(store.path(), tarball.digest)) {
    const OwnerMaps owners = TRY(store.settle_owners(options.owners));
    unpacked.notes = TRY_IN(shown, unpack_once(store, tarball, owners, progress));
  }
  return unpacked;
}

}  // namespace caisson::image
