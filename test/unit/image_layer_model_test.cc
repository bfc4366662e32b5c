// Layers made at random, applied, and compared with what the model of them says.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/extract.h"
#include "image_archive.h"
#include "kernel/files.h"
#include "layer_model.h"

namespace caisson::image {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kSeeds = 1000;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  // Adds an entry to a layer, if the model takes it.
  void add_entry(LayerModel& model, std::string& archive, std::string& words) {
    const std::string path = some_path();
    const Place place = place_of(path);
    switch (below(10)) {
      case 0:
      case 1:
        if (!model.takes(path)) return;
        model.directory(path);
        archive += directory(path);
        words += " dir:" + path;
        break;
      case 2:
      case 3:
      case 4: {
        if (!model.takes(path)) return;
        const std::string content = fmt::format("{}", ++contents_);
        model.file(path, content);
        archive += file(path, content);
        words += " file:" + path + "=" + content;
        break;
      }
      case 5:
        if (!model.takes(path)) return;
        model.symbolic_link(path, "nowhere");
        archive += symbolic_link(path, "nowhere");
        words += " link:" + path;
        break;
      case 6: add_hard_link(path, model, archive, words); break;
      case 7:
      case 8:
        model.whiteout(path);
        archive += file(joined(place.directory, ".wh." + place.base), "");
        words += " gone:" + path;
        break;
      default: {
        const std::string opaque = below(4) == 0 ? "" : path;
        model.opaque(opaque);
        archive += file(joined(opaque, ".wh..wh..opq"), "");
        words += " opaque:" + opaque;
      }
    }
  }

  unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_); }

 private:
  void add_hard_link(const std::string& path, LayerModel& model, std::string& archive, std::string& words) {
    const std::string target = some_path();
    const auto found = model.nodes().find(target);
    if (found == model.nodes().end() || found->second.kind == 'd' || !model.takes(path) || !model.takes(target)) return;
    if (target.starts_with(path + "/") || path.starts_with(target + "/") || path == target) return;
    model.hard_link(path, target);
    archive += hard_link(path, target);
    words += " hard:" + path + "=" + target;
  }

  std::string some_path() {
    std::string path;
    for (unsigned depth = 1 + below(3); depth > 0; --depth)
      path = joined(path, std::string(1, static_cast<char>('a' + below(3))));
    return path;
  }

  std::mt19937 random_;
  int contents_ = 0;
};

Result<> apply(const std::string& archive, const std::string& tree, const std::vector<std::string>& lower) {
  Pieces pieces(archive + end());
  TarReader reader(pieces);
  Extractor extractor(Fd(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), Privilege::kUser, {},
                      LowerTrees(lower));
  TRY(extractor.begin());
  while (const std::optional<TarEntry> entry = TRY(reader.next())) TRY(extractor.apply(*entry, reader));
  return extractor.finish();
}

TEST(LayerModel, SaysWhatLayersComeTo) {
  ::umask(0);
  const std::string memory = "/dev/shm/";
  const std::string place = ::access(memory.c_str(), W_OK) == 0 ? memory : testing::TempDir();
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    std::string top = place + "caisson-model.XXXXXX";
    ASSERT_NE(::mkdtemp(top.data()), nullptr);
    Generator generator(seed);
    LayerModel model;
    std::vector<std::string> trees;
    std::string words;
    for (int number = 0; number < 4; ++number) {
      model.begin_layer();
      std::string archive = directory(".");
      words += fmt::format("\nlayer {}:", number);
      for (unsigned entries = 1 + generator.below(10); entries > 0; --entries)
        generator.add_entry(model, archive, words);
      const std::string tree = fmt::format("{}/{}", top, number);
      fs::create_directory(tree);
      const Result<> applied = apply(archive, tree, trees);
      ASSERT_TRUE(applied) << "seed " << seed << words << "\n" << applied.error().text();
      trees.insert(trees.begin(), tree);
      ASSERT_EQ(shown_by(trees), model.lines()) << "seed " << seed << words;
    }
    ASSERT_TRUE(kernel::remove_tree(top));
  }
}

}  // namespace
}  // namespace caisson::image
