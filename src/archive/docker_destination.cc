// What `docker save` writes, as it has been read since Docker 1.10: a config and its layers, not compressed, each once,
// and manifest.json, which tells what belongs together.
#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "archive/files.h"
#include "archive/makers.h"
#include "archive/output_file.h"
#include "archive/tar_writer.h"
#include "image/decompress.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/document.h"
#include "image/image_config.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/reference.h"
#include "image/tar_header.h"
#include "kernel/files.h"

namespace caisson::archive {

namespace {

using image::Descriptor;
using image::EntryKind;
using image::Json;

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

std::string layer_name(std::string_view diff_id) { return fmt::format("{}.tar", image::hex_of(diff_id)); }
std::string config_name(std::string_view id) { return fmt::format("{}.json", image::hex_of(id)); }

Result<> within(const std::string& item, Result<> done) {
  if (!done) return fail(in(item, std::move(done).error()));
  return {};
}

// A line of manifest.json.
struct Line {
  std::string config;
  std::vector<std::string> tags;
  std::vector<std::string> layers;
};

class DockerDestination : public transport::Destination {
 public:
  DockerDestination(image::ImageSource place, std::unique_ptr<OutputFile> output)
      : place_(std::move(place)), output_(std::move(output)), writer_(output_->sink()) {}

  std::string text() const override { return place_.text(); }

  Result<bool> has(const Descriptor& blob) override {
    const std::lock_guard lock(mutex_);
    return has_now(blob);
  }

  Result<> put_blob(const Descriptor& blob, int file) override {
    const std::lock_guard lock(mutex_);
    if (has_now(blob)) return {};
    const Extent extent{
        .file = std::make_shared<const Fd>(TRY(kernel::duplicate(file))), .offset = 0, .size = blob.size};
    const image::Content content = image::content_of(blob.media_type);
    if (content == image::Content::kConfig) return within(blob.digest, put_config(blob, extent));
    if (content == image::Content::kLayer) return within(blob.digest, put_layer(blob, extent));
    return fail(in(blob.digest, complaint(fmt::format("it is of the type {}, for which Docker's archives have no place",
                                                      blob.media_type))));
  }

  Result<> put_document(const Descriptor& document, std::string_view bytes,
                        const std::vector<std::string>& names) override {
    const std::lock_guard lock(mutex_);
    if (image::content_of(document.media_type) != image::Content::kManifest) {
      return fail(complaint("Docker's archives have images for one platform each, and no index of them"));
    }
    const image::Manifest manifest = TRY_IN(document.digest, image::read_manifest(bytes, document.media_type));
    TRY(image::check_is_image(manifest));
    Line line = TRY_IN(document.digest, line_of(manifest));
    auto known = std::ranges::find(lines_, line.config, &Line::config);
    if (known == lines_.end()) known = lines_.insert(lines_.end(), std::move(line));
    if (!place_.name.empty() && lines_.size() > 1) return fail(complaint("there is one name for several images"));
    for (const std::string& name : place_.name.empty() ? names : std::vector{place_.reference.text()}) {
      const image::Reference reference = TRY(image::parse_reference(name));
      if (reference.tag.empty()) continue;  // a digest is not what Docker calls an image by
      const std::string tag = image::Reference{reference.domain, reference.path, reference.tag, ""}.text();
      if (std::ranges::find(known->tags, tag) == known->tags.end()) known->tags.push_back(tag);
    }
    return {};
  }

  Result<> finish() override {
    const std::lock_guard lock(mutex_);
    Json list = Json::array();
    for (const Line& line : lines_) {
      list.push_back({{"Config", line.config}, {"RepoTags", line.tags}, {"Layers", line.layers}});
    }
    const std::string text = image::document_text(list);
    TRY(writer_.add(plain_entry(EntryKind::kFile, "manifest.json", static_cast<std::int64_t>(text.size())), text));
    TRY(writer_.finish());
    return output_->finish();
  }

 private:
  bool has_now(const Descriptor& blob) const {
    return configs_.contains(blob.digest) || diff_ids_.contains(blob.digest);
  }

  Result<> put_config(const Descriptor& blob, const Extent& extent) {
    if (static_cast<std::uint64_t>(blob.size) > image::kConfigBytes) {
      return fail(complaint(fmt::format("it has {} bytes, and {} are allowed", blob.size, image::kConfigBytes)));
    }
    std::string text;
    ExtentInput input(extent);
    for (std::string_view bytes = TRY(input.more()); !bytes.empty(); bytes = TRY(input.more())) text += bytes;
    const image::ImageConfig config = TRY(image::read_image_config(text));
    TRY(writer_.add(plain_entry(EntryKind::kFile, config_name(blob.digest), blob.size), text));
    configs_.emplace(blob.digest, config.diff_ids);
    return {};
  }

  // What a layer is called and how large it is is known at its end: its header is written then.
  Result<> put_layer(const Descriptor& blob, const Extent& extent) {
    FileSink& sink = output_->sink();
    TRY(sink.flush());
    const off_t header_at = ::lseek(output_->file(), 0, SEEK_CUR);
    if (header_at < 0) return fail(os_error("lseek", place_.path));
    TRY(sink.write(std::string(image::kTarBlock, '\0')));
    image::Sha256 hash = TRY(image::Sha256::start());
    ExtentInput input(extent);
    const auto decompressor = TRY(image::open_decompressor(input));
    std::vector<char> buffer(kBufferBytes);
    image::TarEntry entry = plain_entry(EntryKind::kFile, "");
    for (std::size_t length = buffer.size(); length == buffer.size();) {
      length = TRY(decompressor->fill(buffer));
      const std::string_view bytes(buffer.data(), length);
      hash.update(bytes);
      TRY(sink.write(bytes));
      entry.size += static_cast<std::int64_t>(length);
    }
    const std::string diff_id = TRY(hash.digest());
    diff_ids_.emplace(blob.digest, diff_id);
    constexpr auto kBlock = static_cast<std::int64_t>(image::kTarBlock);
    TRY(sink.write(std::string(static_cast<std::size_t>((kBlock - entry.size % kBlock) % kBlock), '\0')));
    TRY(sink.flush());
    if (!layers_.insert(diff_id).second) return take_back(header_at);  // the same, compressed in another way
    entry.name = layer_name(diff_id);
    const std::string header = single_header(entry);
    if (::pwrite(output_->file(), header.data(), header.size(), header_at) != static_cast<ssize_t>(header.size())) {
      return fail(os_error("pwrite", place_.path));
    }
    return {};
  }

  Result<> take_back(off_t end) {
    if (::ftruncate(output_->file(), end) != 0 || ::lseek(output_->file(), end, SEEK_SET) < 0) {
      return fail(os_error("ftruncate", place_.path));
    }
    return {};
  }

  Result<Line> line_of(const image::Manifest& manifest) const {
    const auto config = configs_.find(manifest.config.digest);
    if (config == configs_.end())
      return fail(complaint(fmt::format("its config {} has not come", manifest.config.digest)));
    Line line{.config = config_name(config->first), .tags = {}, .layers = {}};
    std::vector<std::string> diff_ids;
    for (const Descriptor& layer : manifest.layers) {
      const auto diff_id = diff_ids_.find(layer.digest);
      if (diff_id == diff_ids_.end()) return fail(complaint(fmt::format("its layer {} has not come", layer.digest)));
      diff_ids.push_back(diff_id->second);
      line.layers.push_back(layer_name(diff_id->second));
    }
    if (diff_ids != config->second) {
      return fail(complaint("its layers are others than the digests of unpacked layers in its config"));
    }
    return line;
  }

  image::ImageSource place_;
  std::mutex mutex_;
  std::unique_ptr<OutputFile> output_;
  TarWriter writer_;
  std::map<std::string, std::vector<std::string>> configs_;  // by digest: what each says that its layers are
  std::map<std::string, std::string> diff_ids_;              // by the digests of layers as they came
  std::set<std::string> layers_;                             // those in the archive
  std::vector<Line> lines_;
};

}  // namespace

DestinationResult docker_destination(const image::ImageSource& place, const std::string& spool) {
  return std::make_unique<DockerDestination>(place, TRY(OutputFile::create(place.path, spool)));
}

}  // namespace caisson::archive
