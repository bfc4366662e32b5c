// Unpacking of an image's layer, on the layers below, from whatever libFuzzer comes up with. Whatever that is, nothing
// but the layer's own tree changes, and nothing in it gives orders to the overlay.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "expect.h"
#include "image/extract.h"
#include "image_archive.h"
#include "kernel/files.h"
#include "tar_checksums.h"

namespace {

using namespace caisson;
namespace fs = std::filesystem;

void write(const fs::path& path, const char* content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << content;
}

// A directory for this process, with what has to stay as it is, and the layer below.
struct Ground {
  Ground() {
    ::umask(0);
    std::string name = (fs::temp_directory_path() / "layer_fuzz.XXXXXX").string();
    expect(::mkdtemp(name.data()) != nullptr, "a temporary directory");
    top = name;
    write(top / "outside/secret", "secret");
    write(top / "lower/etc/passwd", "root");
    write(top / "lower/usr/lib/a", "a");
    write(top / "lower/deep/er/b", "b");
    fs::create_symlink("usr/lib", top / "lower/lib");
    fs::create_symlink("/../outside", top / "lower/out");
    before = snapshot();
  }
  ~Ground() { fs::remove_all(top); }

  std::map<std::string, std::string> snapshot() const {
    std::map<std::string, std::string> files;
    for (const char* part : {"outside", "lower"}) {
      for (const auto& entry : fs::recursive_directory_iterator(top / part)) {
        struct stat status{};
        ::lstat(entry.path().c_str(), &status);
        files[entry.path()] = fmt::format("{:o} {} {} {}.{}", status.st_mode, status.st_size, status.st_nlink,
                                          status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
      }
    }
    return files;
  }

  fs::path top;
  std::map<std::string, std::string> before;
};

void unpack(const Ground& ground, image::Pieces& pieces, bool on_lower) {
  const std::string tree = ground.top / "tree";
  expect(::mkdir(tree.c_str(), 0755) == 0, "the tree can be made");
  image::TarReader reader(pieces);
  image::LowerTrees lower;
  if (on_lower) lower = image::LowerTrees({(ground.top / "lower").string()});
  image::Extractor extractor(kernel::open_file(tree, O_RDONLY | O_DIRECTORY).value(), image::Privilege::kRoot, {},
                             std::move(lower));
  if (!extractor.begin()) return;
  for (;;) {
    const auto entry = reader.next();
    if (!entry) return;
    if (!*entry) break;
    if ((*entry)->size > 1 << 20) return;  // holes may be large, and cost time alone
    if (!extractor.apply(**entry, reader)) return;
  }
  (void)extractor.finish();
}

void check_tree(const Ground& ground) {
  for (const auto& entry : fs::recursive_directory_iterator(ground.top / "tree")) {
    expect(!entry.path().filename().string().starts_with(".wh."), entry.path().string() + " is a name of the format's");
    for (const char* name : {"trusted.overlay.opaque", "user.overlay.opaque", "trusted.overlay.redirect"}) {
      expect(::lgetxattr(entry.path().c_str(), name, nullptr, 0) < 0, entry.path().string() + " has " + name);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Ground ground;
  if (size == 0) return 0;
  std::string archive(reinterpret_cast<const char*>(data + 1), size - 1);
  image::correct_checksums(archive);
  image::Pieces pieces(std::move(archive), data[0] % 2 == 0 ? 1 + data[0] * 9U : 1U << 20);
  unpack(ground, pieces, data[0] % 4 < 2);
  check_tree(ground);
  expect(ground.snapshot() == ground.before, "nothing outside has changed");
  fs::remove_all(ground.top / "tree");
  return 0;
}
