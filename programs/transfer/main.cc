// transfer: what needs the system's shared libraries, run by caisson as a child.
//
//   transfer unpack [--sha256 HEX] [--uids MAP --gids MAP] [--progress] [--report] --root STORE (FILE|-)
//
// MAP, "OWNER:BECOMES:COUNT[,…]", says who the owners that stand in the tarball become (image/owner_map.h).
// Prints the digest of the tarball on standard output once it is unpacked in the store; with --report it prints what
// image/report.h describes instead, errors included. Exit status: 0, or 1 for any error.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "image/report.h"
#include "image/unpack.h"

namespace {

using caisson::complaint;
using caisson::fail;
using caisson::Result;

constexpr std::string_view kUsage =
    "transfer unpack [--sha256 HEX] [--uids MAP --gids MAP] [--progress] [--report] --root STORE (FILE|-)";

struct Arguments {
  caisson::image::UnpackOptions unpack;
  bool report = false;
};

Result<Arguments> parse(const std::vector<std::string>& words) {
  Arguments arguments;
  std::vector<std::string> operands;
  bool options_ended = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options_ended || word == "-" || !word.starts_with('-')) {
      operands.push_back(word);
    } else if (word == "--") {
      options_ended = true;
    } else if (word == "--progress") {
      arguments.unpack.progress = true;
    } else if (word == "--report") {
      arguments.report = true;
    } else if ((word == "--root" || word == "--sha256" || word == "--uids" || word == "--gids") &&
               i + 1 < words.size()) {
      ++i;
      if (word == "--root") arguments.unpack.store = words[i];
      if (word == "--uids") arguments.unpack.owners.uids = TRY_IN(word, caisson::image::read_owner_map(words[i]));
      if (word == "--gids") arguments.unpack.owners.gids = TRY_IN(word, caisson::image::read_owner_map(words[i]));
      if (word == "--sha256") arguments.unpack.sha256 = words[i];
    } else {
      return fail(
          complaint("not an option, or without its value: '" + word + "'", std::string("usage: ").append(kUsage)));
    }
  }
  if (operands.size() != 2 || operands[0] != "unpack" || arguments.unpack.store.empty()) {
    return fail(complaint(std::string("usage: ").append(kUsage)));
  }
  arguments.unpack.tarball = operands[1];
  return arguments;
}

int finish(const caisson::image::Report& report, bool as_report) {
  if (as_report) {
    std::fputs(caisson::image::report_text(report).c_str(), stdout);
  } else {
    const caisson::Log log;
    for (const std::string& warning : report.warnings) log.warning(warning);
    if (report.digest) {
      std::printf("%s\n", report.digest->c_str());
    } else {
      log.error(report.digest.error().text());
      if (!report.digest.error().hint.empty()) std::fprintf(stderr, "hint: %s\n", report.digest.error().hint.c_str());
    }
  }
  return std::fflush(stdout) == 0 && report.digest ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Result<Arguments> arguments = parse(std::vector<std::string>(argv, argv + argc));
  if (!arguments) return finish({.warnings = {}, .digest = fail(arguments.error())}, false);
  Result<caisson::image::Unpacked> unpacked = caisson::image::unpack_into_store(arguments->unpack);
  if (!unpacked) return finish({.warnings = {}, .digest = fail(unpacked.error())}, arguments->report);
  return finish({.warnings = std::move(unpacked->notes), .digest = std::move(unpacked->digest)}, arguments->report);
}
