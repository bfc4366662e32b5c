// Writes the manual pages of caisson into a directory: a part of the build, not installed.
//
//   manual DIRECTORY VERSION DATE
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/global_options.h"
#include "command_line/man_page.h"

namespace {

using namespace caisson;
using command_line::ManPage;

struct Pages {
  std::filesystem::path directory;
  std::string date;
  std::string source;
  bool failed = false;

  void write(ManPage page) {
    page.section = "1";
    page.date = date;
    page.source = source;
    const std::filesystem::path path = directory / (command_line::page_name(page.command) + ".1");
    std::ofstream stream(path, std::ios::trunc);
    stream << command_line::man_page(page);
    if (stream.flush()) return;
    fmt::print(stderr, "manual: cannot write {}\n", path.string());
    failed = true;
  }
};

std::vector<command_line::Listed> listed(std::span<const cli::Verb> verbs) {
  std::vector<command_line::Listed> commands;
  for (const cli::Verb& verb : verbs) {
    if (!verb.summary.empty()) commands.push_back({verb.name, verb.summary});
  }
  return commands;
}

void write_verbs(Pages& pages, std::span<const cli::Verb> verbs, const std::string& above) {
  for (const cli::Verb& verb : verbs) {
    if (verb.summary.empty()) continue;
    ManPage page{.command = fmt::format("{} {}", above, verb.name),
                 .summary = std::string(verb.summary),
                 .see_also = {command_line::page_name(above) + "(1)"}};
    const std::string about = page.summary + ".";
    page.manual = verb.manual == nullptr
                      ? command_line::Manual{.operands = verb.verbs == nullptr ? "[OPTION…]" : "COMMAND [OPTION…]",
                                             .about = about}
                      : verb.manual();
    if (verb.verbs != nullptr) {
      page.commands = listed(verb.verbs());
      write_verbs(pages, verb.verbs(), page.command);
    }
    pages.write(std::move(page));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    fmt::print(stderr, "usage: manual DIRECTORY VERSION DATE\n");
    return 2;
  }
  Pages pages{.directory = arguments[1], .date = arguments[3], .source = fmt::format("caisson {}", arguments[2])};
  std::error_code error;
  std::filesystem::create_directories(pages.directory, error);
  write_verbs(pages, cli::verbs(), "caisson");
  pages.write({.command = "caisson",
               .summary = "containers from scratch, without a daemon",
               .manual = cli::overview_manual(),
               .commands = listed(cli::verbs()),
               .see_also = {"caisson-oci(8)"}});
  return pages.failed ? 1 : 0;
}
