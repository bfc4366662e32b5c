// system check: what caisson keeps, looked through.
#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/transfer.h"

namespace caisson::cli {

namespace {

struct CheckOptions {
  bool repair = false;
};

const Option<CheckOptions> kCheckOptions[] = {
    {{"repair", 0, {}, {}, "Mend what can be: remove what is damaged, unpack anew, forget images that are not whole"},
     [](CheckOptions& options, const Use& use) -> Result<> {
       return options.repair = use.value == "true", Result<>();
     }},
};

int check(const Command& command) {
  CheckOptions options;
  const Result<Parsed> parsed = parse(kCheckOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->help) {
    std::fputs(help_text("caisson system check [--repair]",
                         "Reads everything in the store of images, and says what a crash or a disk error has left. "
                         "Exit status 0: all is well.",
                         spellings(kCheckOptions))
                   .c_str(),
               stdout);
    return 0;
  }
  if (!parsed->operands.empty())
    return refuse(command, complaint("no operand is expected: '" + parsed->operands[0] + "'"));
  std::vector<std::string> words;
  if (options.repair) words.emplace_back("--repair");
  const Result<image::Report> report = call_transfer(command, "check", words, "looked through the store");
  if (!report) return refuse(command, report.error());
  for (const std::string& line : report->lines) std::printf("%s\n", line.c_str());
  return 0;
}

constexpr std::array kVerbs = {
    Verb{"check", "Look through the store for what a crash or a disk error has left", check}};

}  // namespace

int verb_system(const Command& command) { return run_verb_of_group(command, kVerbs); }

}  // namespace caisson::cli
