#include "changes/commit.h"

#include <algorithm>
#include <iterator>

#include <fcntl.h>

#include "archive/tree_writer.h"
#include "image/blob_writer.h"
#include "image/compress.h"
#include "image/digest.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/oci_types.h"
#include "image/stored_image.h"
#include "kernel/files.h"
#include "transport/put_image.h"

namespace caisson::changes {

namespace {

struct MadeLayer {
  image::Descriptor descriptor;
  std::string diff_id;
  std::vector<std::string> notes;
  image::BlobHold hold;
};

// An archive on its way into the store: hashed, compressed, hashed again.
class LayerSink : public archive::ByteSink {
 public:
  static Result<std::unique_ptr<LayerSink>> begin(const image::ImageStore& store, transport::Board& board,
                                                  std::size_t line) {
    return std::unique_ptr<LayerSink>(new LayerSink(TRY(image::begin_blob(store)), TRY(image::Sha256::start()),
                                                    TRY(image::Sha256::start()), board, line));
  }

  Result<> write(std::string_view bytes) override {
    content_.update(bytes);
    done_ += bytes.size();
    board_.at(line_, done_);
    return gzip_.write(bytes);
  }

  Result<MadeLayer> commit(std::vector<std::string> notes) {
    TRY(gzip_.finish());
    const std::string digest = TRY(stored_.digest());
    const std::int64_t size = blob_.length();
    return MadeLayer{
        .descriptor = {.media_type = std::string(image::media_type::kOciLayerGzip), .digest = digest, .size = size},
        .diff_id = TRY(content_.digest()),
        .notes = std::move(notes),
        .hold = TRY(std::move(blob_).commit(digest))};
  }

 private:
  LayerSink(image::PartialBlob blob, image::Sha256 content, image::Sha256 stored, transport::Board& board,
            std::size_t line)
      : blob_(std::move(blob)),
        content_(std::move(content)),
        stored_(std::move(stored)),
        gzip_([this](std::string_view bytes) -> Result<> {
          stored_.update(bytes);
          return blob_.append(bytes);
        }),
        board_(board),
        line_(line) {}

  image::PartialBlob blob_;
  image::Sha256 content_;
  image::Sha256 stored_;
  image::GzipWriter gzip_;
  transport::Board& board_;
  std::size_t line_;
  std::uint64_t done_ = 0;
};

Result<MadeLayer> write_layer(const image::ImageStore& store, const std::string& path,
                              const archive::TreeOptions& options, transport::Board& board, std::size_t line) {
  const Fd root = TRY(kernel::open_file(path, O_PATH | O_DIRECTORY));
  const std::unique_ptr<LayerSink> sink = TRY(LayerSink::begin(store, board, line));
  archive::TarWriter out(*sink);
  std::vector<std::string> notes = TRY(archive::write_tree(root.get(), options, out));
  TRY(out.finish());
  return sink->commit(std::move(notes));
}

Result<MadeLayer> make_layer(const image::ImageStore& store, const std::string& label, const std::string& path,
                             const archive::TreeOptions& options, transport::Board& board) {
  const std::size_t line = board.begin(label, 0, 0);
  Result<MadeLayer> made = write_layer(store, path, options, board, line);
  if (made) {
    board.end(line);
  } else {
    board.drop(line);
  }
  return made;
}

// The blobs that the new image takes over, held; the manifest that has them.
struct Base {
  image::Manifest manifest;
  std::vector<image::BlobHold> holds;
};

Result<Base> hold_base(const image::ImageStore& store, const std::string& digest) {
  const auto gone = [&] {
    return in(digest, complaint("the image that the container was made from is not in the store any more",
                                "caisson export and caisson import make an image of one layer"));
  };
  const auto status = kernel::status_of(store.blob_path(digest));
  if (!status) return fail(gone());
  const image::Descriptor descriptor{.media_type = {}, .digest = digest, .size = status->st_size};
  Base base;
  const auto hold = [&](const image::Descriptor& blob) -> Result<> {
    std::optional<image::BlobHold> held = TRY(image::hold_blob(store, blob));
    if (!held) return fail(gone());
    base.holds.push_back(*std::move(held));
    return {};
  };
  TRY(hold(descriptor));
  base.manifest = image::in_oci_types(
      TRY_IN(digest, image::read_manifest(TRY(store.read_blob(descriptor, image::kManifestBytes)))));
  for (const image::Descriptor& layer : base.manifest.layers) TRY(hold(layer));
  return base;
}

}  // namespace

Result<transport::Fetched> commit_container(const image::ImageStore& store, const CommitOptions& options,
                                            transport::Board& board) {
  const ContainerTree& tree = options.tree;
  image::ImageConfig config = options.config;
  std::vector<image::Descriptor> layers;
  std::vector<std::string> notes;
  std::vector<image::BlobHold> holds;
  const auto add = [&](MadeLayer layer) {
    layers.push_back(layer.descriptor);
    config.diff_ids.push_back(layer.diff_id);
    std::ranges::move(layer.notes, std::back_inserter(notes));
    holds.push_back(std::move(layer.hold));
  };
  if (options.base.empty()) {
    config.history.push_back({.created = options.history.created, .comment = "the container's root filesystem"});
    add(TRY(make_layer(store, "root filesystem", tree.lower.at(0), {.owners = tree.owners}, board)));
  } else {
    Base base = TRY(hold_base(store, options.base));
    layers = std::move(base.manifest.layers);
    holds = std::move(base.holds);
  }
  add(TRY(make_layer(store, "changes", tree.upper,
                     {.form = archive::TreeForm::kLayer,
                      .notes = tree.notes,
                      .owners = tree.owners,
                      .leave_out = TRY(made_mount_points(tree))},
                     board)));
  config.history.push_back(options.history);
  if (config.diff_ids.size() != layers.size())
    return fail(complaint("the config and the manifest of the container's image have different numbers of layers"));
  transport::Fetched made = TRY(transport::put_image(store, config, std::move(layers), options.names));
  made.warnings = std::move(notes);
  return made;
}

}  // namespace caisson::changes
