#include "image/make_layer.h"

namespace caisson::image {

Result<std::vector<std::string>> make_layer(LayerStore& store, const LayerKey& key, const Unpack& unpack) {
  Result<Fd> tree = store.begin(key);
  Result<UnpackedTree> unpacked = tree ? unpack(std::move(*tree)) : fail(std::move(tree).error());
  Result<> committed = unpacked ? store.remember_size(key, unpacked->bytes) : Result<>();
  if (unpacked && committed) committed = store.commit(key);
  if (unpacked && committed) return std::move(unpacked->notes);
  const Result<> abandoned = store.abandon(key);
  Error error = unpacked ? committed.error() : unpacked.error();
  if (!abandoned) error.hint = "what was unpacked could not be removed: " + abandoned.error().text();
  return fail(std::move(error));
}

}  // namespace caisson::image
