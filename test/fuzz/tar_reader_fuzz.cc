// The tar reader on whatever libFuzzer comes up with. The first byte chooses how the archive is cut into pieces.
#include <cstdint>
#include <string>

#include "image/acl.h"
#include "image/entry_name.h"
#include "image/quoted.h"
#include "image/tar_reader.h"
#include "image_archive.h"
#include "tar_checksums.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string archive(reinterpret_cast<const char*>(data + 1), size - 1);
  caisson::image::correct_checksums(archive);
  caisson::image::Pieces pieces(std::move(archive), data[0] % 2 == 0 ? 1 + data[0] * 9U : 1U << 20);
  caisson::image::TarReader reader(pieces);
  std::int64_t read = 0;
  for (;;) {
    const auto entry = reader.next();
    if (!entry || !*entry) return 0;
    (void)caisson::image::normal_name((*entry)->name);
    (void)caisson::image::quoted_name((*entry)->name);
    if ((*entry)->access_acl) (void)caisson::image::acl_attribute(*(*entry)->access_acl);
    std::int64_t end = 0;
    for (;;) {
      const auto piece = reader.data();
      if (!piece) return 0;
      if (piece->bytes.empty()) break;
      read += static_cast<std::int64_t>(piece->bytes.size());
      // What the extractor relies on: pieces ascend, and lie within the file and the archive.
      if (piece->offset < end || piece->offset > (*entry)->size) __builtin_trap();
      end = piece->offset + static_cast<std::int64_t>(piece->bytes.size());
      if (end > (*entry)->size || read > static_cast<std::int64_t>(size)) __builtin_trap();
    }
  }
}
