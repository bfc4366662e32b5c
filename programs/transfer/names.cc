// names: what a name without a registry may stand for in the store, a line for each, the first first.
#include "registry/short_names.h"
#include "verbs.h"

namespace caisson::transfer {

namespace {

struct NamesOptions {};

constexpr const char* kUsage = "usage: transfer names [--report] NAME";

Result<image::Report> report_of(const std::string& text) {
  image::Report report{.warnings = {}, .digest = std::string()};
  for (const image::Reference& reference : TRY(registry::short_names(text))) report.lines.push_back(reference.text());
  return report;
}

}  // namespace

Ending names(const std::vector<std::string>& arguments) {
  Words<NamesOptions> words;
  const std::vector<command_line::Option<Words<NamesOptions>>> table = {{{.name = "report"}, set_report<NamesOptions>}};
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1) return refused(complaint(kUsage));
  Result<image::Report> report = report_of(parsed->operands[0]);
  if (!report) return {.report = {.warnings = {}, .digest = fail(report.error())}, .as_report = words.report};
  return {.report = *std::move(report), .as_report = words.report};
}

}  // namespace caisson::transfer
