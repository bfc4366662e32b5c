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

std::string table(const std::vector<nlohmann::ordered_json>& rows) {
  std::vector<std::vector<std::string>> lines = {{"IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"}};
  for (const auto& row : rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const char* field : {"ID", "CreatedSince", "CreatedBy", "Size", "Comment"})
      line.push_back(row[field].get<std::string>());
  }
  return align(lines);
}

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
  const Result<engine::ListedImage> found = engine::find_image(command.places, parsed->operands[0]);
  if (!found) return refuse(command, found.error());
  const std::vector<nlohmann::ordered_json> rows = history_rows(*found, options.whole, options.human);
  if (options.quiet) options.format = "{{.ID}}";
  const Result<std::string> text =
      options.format.empty() ? Result<std::string>(table(rows)) : render_rows(options.format, rows);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
