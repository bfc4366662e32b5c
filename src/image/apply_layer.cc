#include "image/apply_layer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/chain_id.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/extract.h"
#include "image/layer_store.h"
#include "image/layers.h"
#include "image/make_layer.h"
#include "image/pipeline.h"
#include "image/progress.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

using Notes = std::vector<std::string>;

Result<> check_digest(std::string_view what, const std::string& digest) {
  if (is_digest(digest)) return {};
  return fail(in(what, complaint(fmt::format("not 'sha256:' and 64 hexadecimal digits: '{}'", digest))));
}

// That the layers below are there, and that the chain id is what follows from theirs: a layer under a wrong one would
// be given to other images.
Result<> check_chain(const LayerOptions& options) {
  TRY(check_digest("digest", options.digest));
  TRY(check_digest("DiffID", options.diff_id));
  TRY(check_digest("chain id", options.chain_id));
  for (const std::string& tree : options.lower) {
    if (!chain_id_of_tree(tree)) return fail(in(tree, complaint("this is not where a store has the tree of a layer")));
    const auto status = kernel::status_of(tree);
    if (!status || !S_ISDIR(status->st_mode)) return fail(in(tree, complaint("the layer below is not there")));
  }
  const std::string below = options.lower.empty() ? "" : *chain_id_of_tree(options.lower.front());
  const std::string chain = TRY(chain_id(below, options.diff_id, digest_of));
  if (chain == options.chain_id) return {};
  return fail(
      complaint(fmt::format("the chain id of this layer on those below is {}, not {}", chain, options.chain_id)));
}

Result<Fd> open_blob(const LayerOptions& options) {
  Fd blob = TRY(kernel::open_file(options.blob, O_RDONLY | O_NOCTTY));
  struct stat status{};
  if (::fstat(blob.get(), &status) != 0) return fail(os_error("fstat", options.blob));
  if (!S_ISREG(status.st_mode)) return fail(in(options.blob, complaint("this is not a file")));
  if (static_cast<std::uint64_t>(status.st_size) == options.size) return blob;
  return fail(in(options.blob, complaint(fmt::format("it has {} bytes, not {} as the image's manifest says",
                                                     status.st_size, options.size))));
}

Error wrong_blob(const LayerOptions& options, const std::string& digest) {
  return complaint(fmt::format("it has the digest {}, not {} as the image's manifest says", digest, options.digest));
}

Result<Notes> unpack_entries(const LayerOptions& options, Fd tree, Pipeline& pipeline) {
  TarReader reader(pipeline);
  Extractor extractor(std::move(tree), ::geteuid() == 0 ? Privilege::kRoot : Privilege::kUser, options.owners,
                      LowerTrees(options.lower));
  TRY(extractor.begin());
  while (const std::optional<TarEntry> entry = TRY(reader.next())) TRY(extractor.apply(*entry, reader));
  const Digests digests = TRY(pipeline.drain());
  if (digests.stored != options.digest) return fail(wrong_blob(options, digests.stored));
  if (digests.content != options.diff_id) {
    return fail(
        complaint(fmt::format("the archive in it has the digest {}, not the DiffID {} of the image's configuration",
                              digests.content, options.diff_id)));
  }
  TRY(extractor.finish());
  return extractor.notes();
}

Result<Notes> unpack_blob(const LayerOptions& options, int blob, Fd tree) {
  Progress progress("unpacking " + options.digest.substr(options.digest.find(':') + 1, 12), options.progress);
  Hashes hashes{.stored = TRY(Sha256::start()), .content = TRY(Sha256::start())};
  Pipeline pipeline(blob, options.size, std::move(hashes), progress);
  Result<Notes> notes = unpack_entries(options, std::move(tree), pipeline);
  if (notes) return notes;
  // A blob that is not the right one is most likely what is wrong.
  const Result<std::string> digest = pipeline.stored_digest();
  if (digest && *digest != options.digest) return fail(wrong_blob(options, *digest));
  return notes;
}

}  // namespace

Result<Unpacked> apply_layer(const LayerOptions& options) {
  ::umask(0);
  TRY(check_chain(options));
  Unpacked unpacked{.digest = options.chain_id, .notes = {}};
  if (find_layer_by_chain(options.store, options.chain_id)) return unpacked;
  LayerStore store = TRY(LayerStore::open(options.store));
  const LayerKey key = LayerKey::chain(options.chain_id);
  const Fd lock = TRY(store.lock(key.name()));
  if (find_layer_by_chain(options.store, options.chain_id)) return unpacked;  // by whom we waited for

  const Fd blob = TRY(open_blob(options));
  const auto unpack = [&](Fd tree) { return unpack_blob(options, blob.get(), std::move(tree)); };
  unpacked.notes = TRY_IN(options.blob, make_layer(store, key, unpack));
  return unpacked;
}

}  // namespace caisson::image
