#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/image_json.h"
#include "cli/template.h"
#include "command_line/options.h"

namespace caisson::cli {

namespace {

struct HistoryOptions {
  bool quiet = false;
  bool whole = false;
  bool human = true;
  std::string format;
};

const Option<HistoryOptions> kOptions[] = {
    {{"quiet", 'q', {}, {}, "Ids alone"},
     [](HistoryOptions& options, const Use& use) -> Result<> {
       return options.quiet = use.value == "true", Result<>();
     }},
    {{"no-trunc", 0, {}, {}, "Ids and commands in full length"},
     [](HistoryOptions& options, const Use& use) -> Result<> {
       return options.whole = use.value == "true", Result<>();
     }},
    {{"human", 'H', {}, {}, "Sizes and times for people (default true)"},
     [](HistoryOptions& options, const Use& use) -> Result<> {
       return options.human = use.value == "true", Result<>();
     }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.CreatedBy}}'), or 'table TEMPLATE'"},
     [](HistoryOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

const Columns kColumns = {.table = {"ID", "CreatedSince", "CreatedBy", "Size", "Comment"},
                          .headings = {{"ID", "IMAGE"}, {"CreatedSince", "CREATED"}}};

}  // namespace

Manual history_manual() {
  return {"[OPTION…] IMAGE", "Shows how an image was made, the newest step first.", spellings(kOptions)};
}

int verb_history(const Command& command) {
  HistoryOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 1)
    return refuse(command, complaint("which image? One name, or the beginning of an id, is needed"));
  const Result<Format> format = Format::read(options.quiet ? "{{.ID}}" : options.format);
  if (!format) return refuse(command, format.error());
  const Result<engine::ListedImage> found = engine::find_image(command.places, parsed->operands[0]);
  if (!found) return refuse(command, found.error());
  std::vector<ListedRow> rows;
  for (nlohmann::ordered_json& row : history_rows(*found, options.whole, options.human))
    rows.push_back({std::move(row)});
  const Result<std::string> text = format->rows(rows, kColumns);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
