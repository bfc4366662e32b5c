// caisson-generator: makes units of Quadlet files when systemd starts or is reloaded (systemd.generator(7)). A file
// that is wrong is said with its line, and the others are gone on with.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "cli/run_options.h"
#include "command_line/manual.h"
#include "kernel/files.h"
#include "sources.h"

namespace {

using namespace caisson;
using generator::Scope;
namespace fs = std::filesystem;

struct Options {
  Scope scope = Scope::kSystem;
  bool dry_run = false;
  bool verbose = false;
};

const command_line::Option<Options> kOptions[] = {
    {{"user", 0, {}, {}, "The files of the user who calls it (default for an ordinary user)"},
     [](Options& options, const command_line::Use& use) -> Result<> {
       options.scope = use.value == "true" ? Scope::kUser : Scope::kSystem;
       return {};
     }},
    {{"dryrun", 0, {}, {}, "Print the units, and write none"},
     [](Options& options, const command_line::Use& use) -> Result<> {
       return options.dry_run = use.value == "true", Result<>();
     }},
    {{"verbose", 'v', {}, {}, "Say where files are looked for"},
     [](Options& options, const command_line::Use& use) -> Result<> {
       return options.verbose = use.value == "true", Result<>();
     }},
};

command_line::Manual manual() {
  return {
      "[OPTION…] DIRECTORY [DIRECTORY DIRECTORY]\n[OPTION…] --dryrun",
      "Makes units of the Quadlet files (.container, .volume) in containers/systemd and caisson/systemd below /run, "
      "/etc and /usr/share, or below the user's runtime and configuration directories. systemd calls it when it "
      "starts and when it is reloaded.",
      command_line::spellings(kOptions)};
}

/// Whose systemd calls: newer ones say so.
Scope usual_scope() {
  const char* const said = std::getenv("SYSTEMD_SCOPE");
  if (said != nullptr) return std::string_view(said) == "user" ? Scope::kUser : Scope::kSystem;
  return ::geteuid() == 0 ? Scope::kSystem : Scope::kUser;
}

/// PREFIX/bin/caisson of PREFIX/libexec/caisson/generator.
std::string caisson_beside_this() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path().parent_path() / "bin" / "caisson").string();
}

Result<> write(const fs::path& directory, const units::GeneratedUnit& unit) {
  TRY(kernel::replace_file((directory / unit.name).string(), unit.text));
  for (const units::Link& link : unit.links) {
    const fs::path path = directory / link.path;
    TRY(kernel::make_directories(path.parent_path().string()));
    ::unlink(path.c_str());
    if (::symlink(link.target.c_str(), path.c_str()) != 0) return fail(os_error("symlink", path.string()));
  }
  return {};
}

class Generation {
 public:
  Generation(const Options& options, const Log& log) : options_(options), log_(log) {}
  int run(const std::string& directory);

 private:
  void wrong(const Error& error) {
    log_.error(error.text());
    if (!error.hint.empty()) log_.hint(error.hint);
    failed_ = true;
  }

  const Options& options_;
  const Log& log_;
  bool failed_ = false;
};

int Generation::run(const std::string& directory) {
  const std::vector<std::string> places = generator::source_directories(options_.scope);
  if (options_.verbose) {
    for (const std::string& place : places) log_.info("looking through " + place);
  }
  const generator::Sources sources = generator::find_sources(options_.scope, places);
  for (const std::string& problem : sources.problems) wrong(complaint(problem));

  std::set<std::string, std::less<>> known;
  const command_line::Manual run = cli::run_manual();
  for (const command_line::Spelling& row : run.options) {
    if (!row.help.empty() || !row.same_as.empty()) known.emplace(row.name);
  }
  units::QuadletContext context{.program = caisson_beside_this(),
                                .is_user = options_.scope == Scope::kUser,
                                .has_option = [&](std::string_view option) { return known.contains(option); },
                                .volumes = {},
                                .pods = {}};
  for (const auto& [name, texts] : sources.files) {
    if (!name.ends_with(".volume")) continue;
    if (const Result<std::string> volume = units::volume_name(name, texts)) context.volumes.emplace(name, *volume);
  }
  for (const auto& [name, texts] : sources.files) {
    if (!name.ends_with(".pod")) continue;
    if (const Result<units::QuadletPod> pod = units::pod_of(name, texts)) context.pods.emplace(name, *pod);
  }
  for (const auto& [name, texts] : sources.files) {
    const Result<std::optional<units::PodMember>> member = units::pod_member(name, texts);
    if (!member || !*member) continue;
    const auto pod = context.pods.find((*member)->pod);
    if (pod != context.pods.end()) pod->second.services.push_back((*member)->service);
  }
  for (const auto& [name, texts] : sources.files) {
    const Result<units::GeneratedUnit> unit = units::generate_unit(name, texts, context);
    if (!unit) {
      wrong(unit.error());
    } else if (options_.dry_run) {
      fmt::print("---{}---\n{}\n", unit->name, unit->text);
    } else if (const Result<> written = write(directory, *unit); !written) {
      wrong(written.error());
    }
  }
  return failed_ ? 1 : 0;
}

}  // namespace

int main(int count, char** words) {
  Options options{.scope = usual_scope()};
  const Log log(2, LogLevel::kInfo, LogFormat::kText, "caisson-generator");
  const Result<command_line::Parsed> parsed =
      command_line::parse(kOptions, options, {words + 1, words + count}, command_line::Order::kAnywhere);
  if (parsed && parsed->help) {
    fmt::print("{}", command_line::help_text("caisson-generator", manual()));
    return 0;
  }
  const Result<> usable = !parsed ? fail(parsed.error())
                          : parsed->operands.empty() != options.dry_run || parsed->operands.size() > 3
                              ? fail(complaint("a directory to write to is needed, or --dryrun"))
                              : Result<>();
  if (!usable) {
    log.error(usable.error().text());
    if (!usable.error().hint.empty()) log.hint(usable.error().hint);
    return 2;
  }
  return Generation(options, log).run(parsed->operands.empty() ? "" : parsed->operands[0]);
}
