#include <cstdio>

#include "cli/command.h"
#include "cli/transfer.h"

namespace caisson::cli {

namespace {

struct ImportOptions {
  std::vector<std::string> changes;
  std::string message;
  std::string platform;
  bool quiet = false;
};

const Option<ImportOptions> kOptions[] = {
    {{"change", 'c', "LINE", {}, "An instruction of a Dockerfile for the image's config: 'CMD [\"sh\"]'", true},
     [](ImportOptions& options, const Use& use) -> Result<> {
       return options.changes.emplace_back(use.value), Result<>();
     }},
    {{"message", 'm', "TEXT", {}, "What the image's history says"},
     [](ImportOptions& options, const Use& use) -> Result<> { return options.message = use.value, Result<>(); }},
    {{"platform", 0, "OS/ARCH", {}, "What the image is for (default this host's)"},
     [](ImportOptions& options, const Use& use) -> Result<> { return options.platform = use.value, Result<>(); }},
    {{"quiet", 'q', {}, {}, "No progress"},
     [](ImportOptions& options, const Use& use) -> Result<> {
       return options.quiet = use.value == "true", Result<>();
     }},
};

Result<image::Report> import(const Command& command, const ImportOptions& options,
                             const std::vector<std::string>& operands) {
  if (operands.empty() || operands.size() > 2)
    return fail(complaint("a tarball is needed, and perhaps a name", "caisson import FILE|- [NAME[:TAG]]"));
  const std::string& tarball = operands[0];
  if (tarball.starts_with("http://") || tarball.starts_with("https://"))
    return fail(in(tarball, complaint("import does not download", "curl -L URL | caisson import - [NAME[:TAG]]")));
  std::vector<std::string> words;
  if (operands.size() == 2) add_option(words, "name", TRY(name_of_made_image(operands[1])));
  for (const std::string& change : options.changes) add_option(words, "change", change);
  add_option(words, "message", options.message);
  add_option(words, "platform", options.platform);
  if (options.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), {"--", tarball});
  return bring_images(command, "import", words, "imported " + tarball, options.quiet);
}

}  // namespace

Manual import_manual() {
  return {"[OPTION…] FILE|- [NAME[:TAG]]", "Makes an image of a root filesystem's tarball.", spellings(kOptions)};
}

int verb_import(const Command& command) {
  ImportOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<image::Report> report = import(command, options, parsed->operands);
  if (!report) return refuse(command, report.error());
  for (const image::ReportedImage& image : report->images) std::printf("%s\n", image.id.c_str());
  return 0;
}

}  // namespace caisson::cli
