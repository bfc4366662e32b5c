#include <algorithm>
#include <cstdio>
#include <iterator>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/transfer.h"

namespace caisson::cli {

namespace {

struct PushOptions : RegistryOptions {
  std::string platform;
  bool quiet = false;
};

std::vector<Option<PushOptions>> table() {
  std::vector<Option<PushOptions>> rows = {
      {{"platform", 0, "OS/ARCH", {}, "The platform whose image is pushed, where there are several"},
       [](PushOptions& options, const Use& use) -> Result<> { return options.platform = use.value, Result<>(); }},
      {{"quiet", 'q', {}, {}, "No progress"},
       [](PushOptions& options, const Use& use) -> Result<> {
         return options.quiet = use.value == "true", Result<>();
       }},
  };
  std::ranges::copy(registry_rows<PushOptions>(), std::back_inserter(rows));
  return rows;
}

}  // namespace

Manual push_manual() {
  return {"[OPTION…] IMAGE [DESTINATION]",
          "Pushes an image to the registry that its name says, or to DESTINATION: a name, oci:DIR, "
          "oci-archive:FILE, docker-archive:FILE, dir:DIR.",
          spellings(table())};
}

int verb_push(const Command& command) {
  PushOptions options;
  const auto rows = table();
  const Result<Parsed> parsed = parse(rows, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty() || parsed->operands.size() > 2)
    return refuse(command, complaint("an image is needed, and perhaps where it goes"));
  std::vector<std::string> words;
  add_options(words, options);
  add_option(words, "platform", options.platform);
  if (options.quiet) words.emplace_back("--quiet");
  words.emplace_back("--");
  words.insert(words.end(), parsed->operands.begin(), parsed->operands.end());
  const Result<image::Report> report = call_transfer(command, "push", words, "pushed " + parsed->operands[0]);
  if (!report) return refuse(command, report.error());
  for (const image::ReportedImage& image : report->images)
    fmt::print("{}: digest: {}\n", image.names.front(), image.manifest);
  return 0;
}

}  // namespace caisson::cli
