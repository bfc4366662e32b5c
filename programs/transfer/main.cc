// transfer: what needs the system's shared libraries, run by caisson as a child.
//
//   transfer unpack [--sha256 HEX] [--uids MAP --gids MAP] [--progress] [--report] --root STORE (FILE|-)
//   transfer layer --store DIR --blob FILE --digest D --size BYTES --diff-id D --chain-id D [--lower TREE]…
//                  [--uids MAP --gids MAP] [--progress] [--report]
//   transfer layers --images DIR --store DIR [--uids MAP --gids MAP] [--progress] [--report] MANIFEST-DIGEST
//   transfer check-layers --images DIR --store DIR [--repair] [--report]
//
// unpack makes sure that a tarball is in the store, unpacked; layer does so with one layer of an image
// (image/apply_layer.h), on the trees of those below, the uppermost first; layers with all of an image in the store of
// images (image/apply_layers.h). D is sha256:HEX. MAP,
// "OWNER:BECOMES:COUNT[,…]", says who the owners that stand in the archive become (image/owner_map.h).
//
// check-layers compares unpacked layers with the images that they are of (image/check_layers.h).
//
// Prints the digest of the tarball, the layer's chain id, or the image's id, on standard output once it is in the
// store; with --report it says on descriptor 3 what image/report.h describes instead, errors included. Exit status: 0,
// or 1 for any error.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "kernel/files.h"
#include "verbs.h"

namespace {

using namespace caisson;

struct Verb {
  std::string_view name;
  transfer::Ending (*run)(const std::vector<std::string>& words);
};
constexpr Verb kVerbs[] = {{"unpack", transfer::unpack},
                           {"layer", transfer::layer},
                           {"layers", transfer::layers},
                           {"load", transfer::load},
                           {"save", transfer::save},
                           {"import", transfer::import},
                           {"check", transfer::check},
                           {"pull", transfer::pull},
                           {"push", transfer::push},
                           {"login", transfer::login},
                           {"logout", transfer::logout},
                           {"verify", transfer::verify},
                           {"names", transfer::names},
                           {"export", transfer::export_container},
                           {"commit", transfer::commit},
                           {"diff", transfer::diff},
                           {"copy-from", transfer::copy_from},
                           {"copy-to", transfer::copy_to},
                           {"check-layers", transfer::check_layers}};

transfer::Ending run(const std::vector<std::string>& words) {
  std::string names;
  for (const Verb& verb : kVerbs) {
    if (!words.empty() && words[0] == verb.name) return verb.run({words.begin() + 1, words.end()});
    names += (names.empty() ? "" : "|") + std::string(verb.name);
  }
  return transfer::refused(complaint("usage: transfer (" + names + ") …"));
}

int tell(const transfer::Ending& ending) {
  const image::Report& report = ending.report;
  if (ending.as_report) {
    if (!kernel::write_all(image::kReportDescriptor, image::report_text(report), "the report")) return 1;
  } else {
    const Log log;
    for (const std::string& warning : report.warnings) log.warning(warning);
    for (const std::string& line : report.lines) std::printf("%s\n", line.c_str());
    if (report.digest) {
      if (!report.digest->empty()) std::printf("%s\n", report.digest->c_str());
    } else {
      log.error(report.digest.error().text());
      if (!report.digest.error().hint.empty()) std::fprintf(stderr, "hint: %s\n", report.digest.error().hint.c_str());
    }
  }
  return std::fflush(stdout) == 0 && report.digest ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // nobody waits for it any more; what came so far is gone on with by the next
  ::signal(SIGPIPE, SIG_IGN);          // a registry, or a helper, that goes away is an error of a write
  return tell(run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc)));
}
