// Arbitrary archives of images: what is found in them lies in them, and no more comes of a blob than its descriptor
// says.
#include <sys/mman.h>

#include <cstdint>
#include <string>

#include "archive/contents.h"
#include "archive/member_index.h"
#include "expect.h"
#include "image/digest_name.h"
#include "image/manifest_kind.h"
#include "image/reference.h"
#include "kernel/files.h"
#include "tar_checksums.h"

namespace {

using namespace caisson;
using namespace caisson::archive;

class Counted : public transport::Sink {
 public:
  Result<> write(std::string_view bytes) override {
    count_ += static_cast<std::int64_t>(bytes.size());
    return {};
  }
  Result<> restart() override { return fail(complaint("from the start")); }
  std::int64_t count() const { return count_; }

 private:
  std::int64_t count_ = 0;
};

void look_at(const ContainedImage& contained) {
  for (const std::string& name : contained.names) {
    const auto reference = image::parse_reference(name);
    expect(reference && reference->text() == name, "a whole reference: " + name);
  }
  const auto top = contained.source->top();
  if (!top) return;
  const auto either = image::read_manifest_or_index(top->bytes, top->media_type);
  if (!either) return;
  if (const auto* index = std::get_if<image::Index>(&*either)) {
    for (const image::Descriptor& part : index->manifests) (void)contained.source->document(part);
    return;
  }
  for (const image::Descriptor& layer : std::get<image::Manifest>(*either).layers) {
    Counted sink;
    const Result<> came = contained.source->blob(layer, 0, sink);
    expect(!came || sink.count() == layer.size, "as many bytes as the descriptor says");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string archive(reinterpret_cast<const char*>(data), size);
  image::correct_checksums(archive);
  const Fd file(::memfd_create("archive", MFD_CLOEXEC));
  if (!kernel::write_all(file.get(), archive, "archive")) return 0;

  const auto whole = static_cast<std::int64_t>(archive.size());
  if (const auto index = read_member_index(file.get(), whole)) {
    for (const auto& [name, member] : *index) {
      const bool is_inside =
          member.offset >= 0 && member.size >= 0 && member.offset <= whole && member.size <= whole - member.offset;
      expect(member.kind != image::EntryKind::kFile || member.sparse || is_inside, "within the archive: " + name);
      expect(name.find("..") != 0, "a name inside: " + name);
    }
  }
  // A compressed one would be decompressed to the disk.
  const auto contents = open_any("/proc/self/fd/" + std::to_string(file.get()), "/dev/shm");
  if (!contents) {
    expect(!contents.error().text().empty(), "words");
    return 0;
  }
  for (const ContainedImage& contained : contents->images) look_at(contained);
  return 0;
}
