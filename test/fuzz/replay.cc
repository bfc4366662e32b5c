// A fuzzer's corpus as a unit test: gives each file of the directories named on the command line to the fuzzer, once.
// What libFuzzer once found is a file there, and stays found. A finding ends the program, as it does in libFuzzer.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  int inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream stream(file.path(), std::ios::binary);
      const std::string input(std::istreambuf_iterator<char>(stream), {});
      std::printf("%s\n", file.path().c_str());
      std::fflush(stdout);  // the last line names the culprit
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
      ++inputs;
    }
  }
  std::printf("%d inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
