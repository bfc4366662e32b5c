#include "image/apply_layers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/fd.h"
#include "image/decompress.h"
#include "image/digest_name.h"
#include "image/image_store.h"
#include "image/layer_blob.h"
#include "image/layer_store.h"
#include "image/layers.h"
#include "image/progress.h"
#include "image/store_lock.h"
#include "image/whole_image.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::image {

namespace {

constexpr unsigned kMostThreads = 4;
// What all threads may take together, and what each takes for its buffers. All else of the process is some 16 MiB.
constexpr std::uint64_t kMostBytes = std::uint64_t{44} << 20;
constexpr std::uint64_t kBufferBytes = std::uint64_t{4} << 20;

// ---- how far all of it is -----------------------------------------------------------------------------------------

class Total {
 public:
  Total(const WholeImage& image, bool wanted)
      : progress_("unpacking " + short_digest(image.manifest.config.digest), wanted),
        done_(image.manifest.layers.size()) {
    for (const Descriptor& layer : image.manifest.layers) total_ += static_cast<std::uint64_t>(layer.size);
  }

  void at(std::size_t layer, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_[layer] = bytes;
    progress_.at(std::accumulate(done_.begin(), done_.end(), std::uint64_t{0}), total_);
  }

 private:
  std::mutex mutex_;
  Progress progress_;
  std::vector<std::uint64_t> done_;
  std::uint64_t total_ = 0;
};

// ---- the layers ---------------------------------------------------------------------------------------------------

class Unpacking {
 public:
  Unpacking(const ImageLayersOptions& options, const OwnerMaps& owners, const ImageStore& images,
            const WholeImage& image, LayerStore& store)
      : options_(options),
        owners_(owners),
        images_(images),
        image_(image),
        store_(store),
        total_(image, options.progress),
        layers_(image.chain_ids.size()) {
    for (Layer& layer : layers_) layer.is_there = layer.outcome.get_future().share();
  }

  /// Notes; the error of the layer that failed first. Nothing is placed yet.
  Result<std::vector<std::string>> unpack();
  Result<> place();
  Result<> abandon();

 private:
  struct Layer {
    std::string tree;
    Fd lock;  // while it is unpacked, until it is placed
    std::vector<std::string> notes;
    std::promise<bool> outcome;
    std::shared_future<bool> is_there;
  };

  Result<> take_locks();
  Result<std::size_t> threads() const;
  void work();
  Result<> make(std::size_t number);
  Result<std::vector<std::string>> trees_below(std::size_t number);
  LayerKey key(std::size_t number) const { return LayerKey::chain(image_.chain_ids[number]); }

  const ImageLayersOptions& options_;
  const OwnerMaps& owners_;
  const ImageStore& images_;
  const WholeImage& image_;
  LayerStore& store_;
  Total total_;
  std::vector<Layer> layers_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::optional<Error> failure_;  // the first
};

// From the lowest up, all of them before any is unpacked: of two processes whose images share layers, the one that has
// the lowest of those waits for nothing that the other has.
Result<> Unpacking::take_locks() {
  for (std::size_t number = 0; number < layers_.size(); ++number) {
    Layer& layer = layers_[number];
    const std::string& chain_id = image_.chain_ids[number];
    std::optional<image::Layer> there = find_layer_by_chain(options_.store, chain_id);
    if (!there) {
      layer.lock = TRY(store_.lock(key(number).name()));
      there = find_layer_by_chain(options_.store, chain_id);  // by whom we waited for
    }
    if (there) layer.lock = Fd();
    layer.tree = there ? there->tree : store_.unfinished_tree(key(number));
  }
  return {};
}

// As many as there are processors, unless a layer needs so much memory that others may not have theirs beside it.
Result<std::size_t> Unpacking::threads() const {
  std::uint64_t most = 0;
  for (std::size_t number = 0; number < layers_.size(); ++number) {
    if (!layers_[number].lock) continue;  // it is there
    const std::string path = images_.blob_path(image_.manifest.layers[number].digest);
    const Fd file = TRY(kernel::open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    std::string first(kFirstBytes, '\0');
    const ssize_t length = kernel::retry([&] { return ::pread(file.get(), first.data(), first.size(), 0); });
    if (length < 0) return fail(os_error("pread", path));
    most = std::max(most, bytes_to_decompress({first.data(), static_cast<std::size_t>(length)}));
  }
  return std::min<std::size_t>({std::max(std::thread::hardware_concurrency(), 1U), kMostThreads, layers_.size(),
                                std::max<std::uint64_t>(kMostBytes / (most + kBufferBytes), 1)});
}

Result<std::vector<std::string>> Unpacking::unpack() {
  TRY(take_locks());
  const std::size_t wanted = TRY(threads());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < wanted; ++i) others.emplace_back([this] { work(); });
  work();
  others.clear();  // joined
  if (failure_) return fail(*failure_);
  std::vector<std::string> notes;
  for (Layer& layer : layers_) {
    for (std::string& note : layer.notes) {
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
    }
  }
  return notes;
}

// Layers are taken from the lowest up, and wait for lower ones alone: the lowest that is at work waits for nobody.
void Unpacking::work() {
  for (std::size_t number = next_++; number < layers_.size(); number = next_++) {
    const Result<> made = cancelled_ ? fail(complaint("another layer could not be unpacked")) : make(number);
    if (!made) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = made.error();
      cancelled_ = true;
    }
    layers_[number].outcome.set_value(made.has_value());
  }
}

Result<> Unpacking::make(std::size_t number) {
  Layer& layer = layers_[number];
  const Descriptor& blob = image_.manifest.layers[number];
  if (!layer.lock) {  // it is there
    total_.at(number, static_cast<std::uint64_t>(blob.size));
    return {};
  }
  LayerWork work{.lower = number == 0 ? LowerTrees() : LowerTrees([this, number] { return trees_below(number); }),
                 .owners = owners_,
                 .tell = [this, number](std::uint64_t done, std::uint64_t) { total_.at(number, done); },
                 .cancelled = &cancelled_};
  UnpackedTree unpacked = TRY(unpack_layer_blob({.path = images_.blob_path(blob.digest),
                                                 .digest = blob.digest,
                                                 .size = static_cast<std::uint64_t>(blob.size),
                                                 .diff_id = image_.diff_ids[number]},
                                                TRY(store_.begin(key(number))), std::move(work)));
  layer.notes = std::move(unpacked.notes);
  return store_.remember_size(key(number), unpacked.bytes);
}

Result<std::vector<std::string>> Unpacking::trees_below(std::size_t number) {
  std::vector<std::string> trees;
  while (number-- > 0) {
    if (!layers_[number].is_there.get()) return fail(complaint("a layer below could not be unpacked"));
    trees.push_back(layers_[number].tree);
  }
  return trees;
}

Result<> Unpacking::place() {
  if (std::ranges::all_of(layers_, [](const Layer& layer) { return !layer.lock; })) return {};
  TRY(store_.sync());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (!layers_[i].lock) continue;
    TRY(store_.place(key(i)));
    layers_[i].lock = Fd();
  }
  return {};
}

Result<> Unpacking::abandon() {
  Result<> abandoned;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (!layers_[i].lock) continue;
    const Result<> one = store_.abandon(key(i));
    if (!one && abandoned) abandoned = one;
    layers_[i].lock = Fd();
  }
  return abandoned;
}

}  // namespace

Result<Unpacked> apply_layers(const ImageLayersOptions& options) {
  ::umask(0);
  const ImageStore images = TRY(ImageStore::open(options.images));
  const WholeImage image = TRY(read_whole_image(images, options.manifest));
  Unpacked unpacked{.digest = image.id(), .notes = {}};
  if (find_image_layers(options.store, unpacked.digest)) return unpacked;

  LayerStore store = TRY(LayerStore::open(options.store));
  const OwnerMaps owners = TRY(store.settle_owners(options.owners));
  Fd use = TRY(hold_layers(options.store));
  const std::string lock_path = options.store + "/layers/lock/image." + std::string(hex_of(unpacked.digest));
  const Fd lock = *TRY(open_locked(lock_path, StoreLock::Kind::kShared, kernel::Lock::kWait));
  TRY(remember_image_layers(options.store, unpacked.digest, image.chain_ids));
  use = Fd();  // whoever prunes sees the other lock from here on

  Unpacking unpacking(options, owners, images, image, store);
  Result<std::vector<std::string>> notes = unpacking.unpack();
  const Result<> placed = notes ? unpacking.place() : Result<>();
  if (notes && placed) return Unpacked{.digest = unpacked.digest, .notes = *std::move(notes)};
  Error error = notes ? placed.error() : notes.error();
  if (const Result<> abandoned = unpacking.abandon(); !abandoned)
    error.hint = "what was unpacked could not be removed: " + abandoned.error().text();
  return fail(std::move(error));
}

}  // namespace caisson::image
