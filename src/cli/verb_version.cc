#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "image/host_platform.h"

namespace caisson::cli {

namespace {

struct VersionOptions {
  std::string format;
};

const Option<VersionOptions> kOptions[] = {
    {{"format", 'f', "TEMPLATE", {}, "json, or a template: '{{.Client.Version}}'"},
     [](VersionOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

// There is no server.
nlohmann::ordered_json version_object() {
  const image::Platform platform = image::host_platform();
  return {{"Client",
           {{"Version", CAISSON_VERSION},
            {"Os", platform.os},
            {"Arch", platform.architecture},
            {"OsArch", platform.os + "/" + platform.architecture},
            {"Compiler", fmt::format("{}.{}", __GNUC__, __GNUC_MINOR__)}}}};
}

}  // namespace

Manual version_manual() { return {"[-f TEMPLATE]", "Prints the version.", spellings(kOptions)}; }

int verb_version(const Command& command) {
  VersionOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command,
                  complaint(fmt::format("'{}' is too much: version takes options alone", parsed->operands[0])));
  if (options.format.empty()) {
    std::printf("caisson version %s\n", CAISSON_VERSION);
    return 0;
  }
  const Result<Format> format = Format::read(options.format);
  const Result<std::string> text = format ? format->object(version_object()) : fail(format.error());
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
