// Archives, layouts and directories at work, for test/system/archives.bats.
//
//     system_archive SPOOL list SOURCE          a line for each image: its manifest's digest, its names
//     system_archive SPOOL any PATH             what it is found to be, and the same lines
//     system_archive SPOOL tree|layer DIR       the tree as a tarball on standard output, as it is or as a layer
//     system_archive SPOOL copy SOURCE… PLACE   all images of the sources; size and digest of everything are checked
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "archive/contents.h"
#include "archive/destinations.h"
#include "archive/tree_writer.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/manifest_kind.h"
#include "image/spool_file.h"
#include "kernel/files.h"

namespace {

using namespace caisson;
using namespace caisson::archive;

using Words = std::vector<std::string>;

// A blob in a file, hashed.
class Spooled : public transport::Sink {
 public:
  static Result<Spooled> make(const std::string& spool) {
    const Fd where = TRY(kernel::open_file(spool, O_RDONLY | O_DIRECTORY));
    return Spooled(TRY(image::spool_file(where.get())), TRY(image::Sha256::start()));
  }

  Result<> write(std::string_view bytes) override {
    hash_.update(bytes);
    size_ += static_cast<std::int64_t>(bytes.size());
    return kernel::write_all(file_.get(), bytes, "the spool");
  }
  Result<> restart() override { return fail(complaint("it was read from its start")); }

  Result<> check(const image::Descriptor& blob) {
    if (size_ != blob.size)
      return fail(in(blob.digest, complaint(fmt::format("{} bytes came, not {}", size_, blob.size))));
    if (TRY(hash_.digest()) != blob.digest) return fail(in(blob.digest, complaint("other bytes came")));
    return {};
  }
  int file() const { return file_.get(); }

 private:
  Spooled(Fd file, image::Sha256 hash) : file_(std::move(file)), hash_(std::move(hash)) {}

  Fd file_;
  image::Sha256 hash_;
  std::int64_t size_ = 0;
};

class Copy {
 public:
  Copy(std::string spool, transport::Destination& to) : spool_(std::move(spool)), to_(to) {}

  Result<> image(const ContainedImage& image) { return document(*image.source, TRY(image.source->top()), image.names); }

 private:
  Result<> document(transport::Source& from, const transport::Document& document, const Words& names) {
    const image::ManifestOrIndex either = TRY(image::read_manifest_or_index(document.bytes, document.media_type));
    image::Descriptor descriptor{.media_type = {},
                                 .digest = TRY(image::digest_of(document.bytes)),
                                 .size = static_cast<std::int64_t>(document.bytes.size())};
    if (const auto* index = std::get_if<image::Index>(&either)) {
      descriptor.media_type = index->media_type;
      for (const image::Descriptor& part : index->manifests) TRY(this->document(from, TRY(from.document(part)), {}));
    } else {
      const auto& manifest = std::get<image::Manifest>(either);
      descriptor.media_type = manifest.media_type;
      for (const image::Descriptor& layer : manifest.layers) TRY(blob(from, layer));
      TRY(blob(from, manifest.config));
    }
    return to_.put_document(descriptor, document.bytes, names);
  }

  Result<> blob(transport::Source& from, const image::Descriptor& blob) {
    if (TRY(to_.has(blob))) return {};
    Spooled spooled = TRY(Spooled::make(spool_));
    TRY(from.blob(blob, 0, spooled));
    TRY(spooled.check(blob));
    return to_.put_blob(blob, spooled.file());
  }

  std::string spool_;
  transport::Destination& to_;
};

Result<std::string> lines(const std::vector<ContainedImage>& images) {
  std::string text;
  for (const ContainedImage& image : images) {
    text += TRY(image::digest_of(TRY(image.source->top()).bytes)) + " " + join(image.names, " ") + "\n";
  }
  return text;
}

Result<std::string> list(const std::string& spool, const Words& words) {
  return lines(TRY(open_images(TRY(image::parse_image_source(words.at(0))), spool)));
}

Result<std::string> any(const std::string& spool, const Words& words) {
  const Contents contents = TRY(open_any(words.at(0), spool));
  constexpr const char* kKinds[] = {"oci", "oci-archive", "docker-archive", "dir", "root filesystem"};
  return fmt::format("{}\n{}", kKinds[static_cast<int>(contents.kind)], TRY(lines(contents.images)));
}

Result<std::string> copy(const std::string& spool, const Words& words) {
  const auto to = TRY(open_destination(TRY(image::parse_image_source(words.back())), spool));
  Copy copying(spool, *to);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    for (const ContainedImage& image : TRY(open_images(TRY(image::parse_image_source(words[i])), spool))) {
      TRY_IN(image.source->text(), copying.image(image));
    }
  }
  TRY(to->finish());
  return "";
}

Result<std::string> tree(const Words& words, const TreeOptions& options) {
  const Fd root = TRY(kernel::open_file(words.at(0), O_PATH | O_DIRECTORY));
  FileSink sink(STDOUT_FILENO, "standard output");
  TarWriter out(sink);
  for (const std::string& note : TRY(write_tree(root.get(), options, out)))
    std::fprintf(stderr, "note: %s\n", note.c_str());
  TRY(out.finish());
  TRY(sink.flush());
  return "";
}

Result<std::string> act(const std::string& spool, const std::string& verb, const Words& words) {
  if (verb == "list" && words.size() == 1) return list(spool, words);
  if (verb == "any" && words.size() == 1) return any(spool, words);
  if (verb == "tree" && words.size() == 1) return tree(words, {});
  if (verb == "layer" && words.size() == 1) return tree(words, {.form = TreeForm::kLayer});
  if (verb == "user-layer" && words.size() == 1)
    return tree(words, {.form = TreeForm::kLayer, .notes = OverlayNotes::kUser});
  if (verb == "copy" && words.size() >= 2) return copy(spool, words);
  return fail(complaint("usage: system_archive SPOOL list|any|copy|tree|layer|user-layer …"));
}

}  // namespace

int main(int argc, char** argv) {
  const Words words(argv + 1, argv + argc);
  if (words.size() < 2) return 2;
  const Result<std::string> said = act(words[0], words[1], Words(words.begin() + 2, words.end()));
  if (!said) {
    std::fprintf(stderr, "error: %s\n", said.error().text().c_str());
    if (!said.error().hint.empty()) std::fprintf(stderr, "hint: %s\n", said.error().hint.c_str());
    return 1;
  }
  std::printf("%s", said->c_str());
  return 0;
}
