#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/transfer.h"
#include "engine/events.h"
#include "engine/images.h"

namespace caisson::cli {

namespace {

struct SaveOptions {
  std::string output;
  std::string format = "docker-archive";
  std::string platform;
  bool quiet = false;
};

// podman's names, and the transports that they are.
struct Format {
  std::string_view name;
  std::string_view transport;
  bool is_directory = false;
};
constexpr std::array kFormats = {Format{"docker-archive", "docker-archive:"}, Format{"oci-archive", "oci-archive:"},
                                 Format{"oci-dir", "oci:", true}, Format{"docker-dir", "dir:", true}};

Result<> set_format(SaveOptions& options, const Use& use) {
  options.format = use.value;
  if (std::ranges::find(kFormats, use.value, &Format::name) != kFormats.end()) return {};
  std::vector<std::string> names;
  for (const Format& each : kFormats) names.emplace_back(each.name);
  return fail(complaint("one of " + join(names, ", ") + " is expected"));
}

const Option<SaveOptions> kOptions[] = {
    {{"output", 'o', "FILE", {}, "Where to (default standard output)"},
     [](SaveOptions& options, const Use& use) -> Result<> { return options.output = use.value, Result<>(); }},
    {{"format", 0, "FORMAT", {}, "docker-archive (the default), oci-archive, oci-dir or docker-dir"}, set_format},
    {{"platform", 0, "OS/ARCH", {}, "The platform whose image is saved, where there are several"},
     [](SaveOptions& options, const Use& use) -> Result<> { return options.platform = use.value, Result<>(); }},
    {{"quiet", 'q', {}, {}, "No progress"},
     [](SaveOptions& options, const Use& use) -> Result<> { return options.quiet = use.value == "true", Result<>(); }},
};

Result<> save(const Command& command, const SaveOptions& options, const std::vector<std::string>& images) {
  if (images.empty()) return fail(complaint("an image is needed"));
  const Format& format = *std::ranges::find(kFormats, options.format, &Format::name);
  std::string output = options.output;
  if (output.empty()) {
    if (format.is_directory) return fail(complaint(fmt::format("--format {} needs -o DIR", format.name)));
    if (::isatty(STDOUT_FILENO) == 1) return fail(complaint("standard output is a terminal", "-o FILE, or save >FILE"));
    output = "-";
  }
  if (output.find(':') != std::string::npos)
    return fail(in("-o " + output, complaint("the name of a file may not have a ':' in it here", "save >FILE")));
  std::vector<std::string> words;
  add_option(words, "platform", options.platform);
  if (options.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), {"--", std::string(format.transport) + output});
  words.insert(words.end(), images.begin(), images.end());
  TRY(call_transfer(command, "save", words, "saved " + join(images, ", ")));
  for (const std::string& name : images) {
    if (const Result<engine::ListedImage> image = engine::find_image(command.places, name))
      engine::note_event(command.places, engine::image_event("save", image->image.id(), name));
  }
  return {};
}

}  // namespace

Manual save_manual() {
  return {"[OPTION…] IMAGE [IMAGE…]", "Writes images to an archive, or to a directory, with all that load needs.",
          spellings(kOptions)};
}

int verb_save(const Command& command) {
  SaveOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<> saved = save(command, options, parsed->operands);
  return saved ? 0 : refuse(command, saved.error());
}

}  // namespace caisson::cli
