#include <algorithm>
#include <cstdio>
#include <iterator>

#include "cli/command.h"
#include "cli/transfer.h"

namespace caisson::cli {

namespace {

struct PullOptions : RegistryOptions {
  std::string platform;
  bool quiet = false;
  bool all_tags = false;
};

std::vector<Option<PullOptions>> table() {
  std::vector<Option<PullOptions>> rows = {
      {{"platform", 0, "OS/ARCH", {}, "The platform whose image is pulled (default this host's)"},
       [](PullOptions& options, const Use& use) -> Result<> { return options.platform = use.value, Result<>(); }},
      {{"quiet", 'q', {}, {}, "No progress"},
       [](PullOptions& options, const Use& use) -> Result<> {
         return options.quiet = use.value == "true", Result<>();
       }},
      {{"all-tags", 'a', {}, {}, "All images of the repository, whatever their tags"},
       [](PullOptions& options, const Use& use) -> Result<> {
         return options.all_tags = use.value == "true", Result<>();
       }},
  };
  std::ranges::copy(registry_rows<PullOptions>(), std::back_inserter(rows));
  return rows;
}

}  // namespace

Manual pull_manual() {
  return {"[OPTION…] IMAGE [IMAGE…]",
          "Pulls images from registries, or from oci:DIR, oci-archive:FILE, docker-archive:FILE, "
          "dir:DIR. What an earlier pull began is gone on with.",
          spellings(table())};
}

int verb_pull(const Command& command) {
  PullOptions options;
  const auto rows = table();
  const Result<Parsed> parsed = parse(rows, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty()) return refuse(command, complaint("an image is needed"));
  int status = 0;
  for (const std::string& source : parsed->operands) {
    std::vector<std::string> words;
    add_options(words, options);
    add_option(words, "platform", options.platform);
    if (options.quiet) words.emplace_back("--quiet");
    if (options.all_tags) words.emplace_back("--all-tags");
    words.insert(words.end(), {"--", source});
    const Result<image::Report> report = bring_images(command, "pull", words, "pulled " + source, options.quiet);
    if (!report) {
      status = refuse(command, report.error());
      continue;
    }
    for (const image::ReportedImage& image : report->images)
      std::printf("%s\n", image.names.empty() ? image.id.c_str() : image.names.front().c_str());
    std::fflush(stdout);
  }
  return status;
}

}  // namespace caisson::cli
