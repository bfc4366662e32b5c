#include "image/make_layer.h"

namespace caisson::image {

Result<std::vector<std::string>> make_layer(LayerStore& store, const LayerKey& key, const Unpack& unpack) {
  Result<Fd> tree = store.begin(key);
  Result<std::vector<std::string>> notes = tree ? unpack(std::move(*tree)) : fail(std::move(tree).error());
  Result<> committed = notes ? store.commit(key) : Result<>();
  if (notes && committed) return notes;
  const Result<> abandoned = store.abandon(key);
  Error error = notes ? committed.error() : notes.error();
  if (!abandoned) error.hint = "what was unpacked could not be removed: " + abandoned.error().text();
  return fail(std::move(error));
}

}  // namespace caisson::image
