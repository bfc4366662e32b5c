#include "archive/files_source.h"

#include <fmt/format.h>

#include "image/limits.h"

namespace caisson::archive {

Result<transport::Document> FilesSource::document(const image::Descriptor& descriptor) {
  const std::string name = parts_.document_name(descriptor.digest);
  return transport::Document{.bytes = TRY(read_whole(*parts_.files, name, image::kManifestBytes)),
                             .media_type = descriptor.media_type};
}

Result<Extent> FilesSource::extent_of(const image::Descriptor& blob) const {
  const auto known = parts_.extents.find(blob.digest);
  if (known != parts_.extents.end()) return known->second;
  return require(*parts_.files, parts_.blob_name(blob.digest));
}

Result<> FilesSource::blob(const image::Descriptor& descriptor, std::int64_t offset, transport::Sink& sink) {
  const Extent extent = TRY(extent_of(descriptor));
  if (extent.size != descriptor.size) {
    return fail(in(descriptor.digest, complaint(fmt::format("it has {} bytes, not {}", extent.size, descriptor.size))));
  }
  if (offset < 0 || offset > extent.size) {
    offset = 0;
    TRY(sink.restart());
  }
  ExtentInput input(extent, offset);
  for (std::string_view bytes = TRY(input.more()); !bytes.empty(); bytes = TRY(input.more())) TRY(sink.write(bytes));
  return {};
}

}  // namespace caisson::archive
