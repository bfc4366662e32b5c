#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/container_json.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"

namespace caisson::cli {

namespace {

struct PsOptions {
  bool all = false;
  bool quiet = false;
  bool whole = false;
  std::string format;
};

const Option<PsOptions> kOptions[] = {
    {{"all", 'a', {}, {}, "Those that have ended too"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }},
    {{"quiet", 'q', {}, {}, "Ids alone"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.quiet = use.value == "true", Result<>(); }},
    {{"no-trunc", 0, {}, {}, "Ids and commands in full length"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.whole = use.value == "true", Result<>(); }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Names}} {{.Status}}'), or 'table TEMPLATE'"},
     [](PsOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

std::string table(const std::vector<nlohmann::ordered_json>& rows) {
  std::vector<std::vector<std::string>> lines = {{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "NAMES"}};
  for (const auto& row : rows) {
    std::vector<std::string> line;
    for (const char* field : {"ID", "Image", "Command", "RunningFor", "Status", "Names"})
      line.push_back(row[field].get<std::string>());
    lines.push_back(std::move(line));
  }
  return align(lines);
}

}  // namespace

Manual ps_manual() { return {"[OPTION…]", "Lists containers.", spellings(kOptions)}; }

int verb_ps(const Command& command) {
  PsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: ps takes options alone", parsed->operands[0])));
  engine::sweep(command.places, command.log);
  const Result<engine::Listing> listing = engine::list_containers(command.places);
  if (!listing) return refuse(command, listing.error());
  for (const std::string& damaged : listing->damaged) command.log.warning(damaged);

  std::vector<nlohmann::ordered_json> rows;
  for (const engine::Container& container : listing->containers) {
    if (options.all || container.live) rows.push_back(ps_row(container, options.whole));
  }
  if (options.quiet) options.format = "{{.ID}}";
  const Result<std::string> text =
      options.format.empty() ? Result<std::string>(table(rows)) : render_rows(options.format, rows);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
