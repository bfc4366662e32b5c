#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/transfer.h"

namespace caisson::cli {

namespace {

struct LoadOptions {
  std::string input;
  std::string platform;
  bool quiet = false;
};

const Option<LoadOptions> kOptions[] = {
    {{"input", 'i', "FILE", {}, "The archive, layout or directory (default standard input)"},
     [](LoadOptions& options, const Use& use) -> Result<> { return options.input = use.value, Result<>(); }},
    {{"platform", 0, "OS/ARCH", {}, "The platform whose image is loaded, where there are several"},
     [](LoadOptions& options, const Use& use) -> Result<> { return options.platform = use.value, Result<>(); }},
    {{"quiet", 'q', {}, {}, "No progress"},
     [](LoadOptions& options, const Use& use) -> Result<> { return options.quiet = use.value == "true", Result<>(); }},
};

}  // namespace

Manual load_manual() {
  return {"[OPTION…] [-i FILE]",
          "Loads the images of an archive: of docker save, an OCI layout in a tarball or as a "
          "directory, a directory of skopeo's; compressed or not.",
          spellings(kOptions)};
}

int verb_load(const Command& command) {
  LoadOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint("no operand is expected: '" + parsed->operands[0] + "'", "-i FILE"));
  if (options.input.empty() && ::isatty(STDIN_FILENO) == 1)
    return refuse(command, complaint("standard input is a terminal", "-i FILE, or load <FILE"));

  std::vector<std::string> words;
  add_option(words, "platform", options.platform);
  if (options.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), {"--", options.input.empty() ? "-" : options.input});
  const Result<image::Report> report = bring_images(command, "load", words, "loaded images", options.quiet);
  if (!report) return refuse(command, report.error());
  for (const image::ReportedImage& image : report->images) {
    for (const std::string& name : image.names) std::printf("Loaded image: %s\n", name.c_str());
    if (image.names.empty()) std::printf("Loaded image ID: %s\n", image.id.c_str());
  }
  return 0;
}

}  // namespace caisson::cli
