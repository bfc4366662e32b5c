#include "oci/global_options.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "kernel/files.h"
#include "kernel/user_namespace.h"

namespace caisson::oci {

namespace {

struct Global {
  std::string root;
  std::string log;
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kLogfmt;
  CgroupManager cgroup_manager = CgroupManager::kCgroupfs;
  bool strict = false;
  bool version = false;
};

Result<> set_level(Global& global, const Use& use) {
  const auto level = parse_log_level(use.value);
  if (!level) return fail(complaint(fmt::format("'{}' is none of debug, info, warning, error", use.value)));
  global.level = *level;
  return {};
}

Result<> set_format(Global& global, const Use& use) {
  if (use.value != "text" && use.value != "json")
    return fail(complaint(fmt::format("'{}' is neither text nor json", use.value)));
  global.format = use.value == "json" ? LogFormat::kJson : LogFormat::kLogfmt;
  return {};
}

// crun's way to say --systemd-cgroup, and more.
Result<> set_manager(Global& global, const Use& use) {
  if (use.value != "cgroupfs" && use.value != "systemd" && use.value != "disabled")
    return fail(complaint(fmt::format("'{}' is none of cgroupfs, systemd, disabled", use.value)));
  global.cgroup_manager = use.value == "systemd"    ? CgroupManager::kSystemd
                          : use.value == "disabled" ? CgroupManager::kDisabled
                                                    : CgroupManager::kCgroupfs;
  return {};
}

Result<> set_systemd(Global& global, const Use& use) {
  global.cgroup_manager = use.value == "true" ? CgroupManager::kSystemd : CgroupManager::kCgroupfs;
  return {};
}

Result<> check_rootless(Global&, const Use& use) {
  if (use.value == "true" || use.value == "false" || use.value == "auto") return {};
  return fail(complaint(fmt::format("'{}' is none of true, false, auto", use.value)));
}

constexpr std::string_view kWhere = "Where things are kept";
constexpr std::string_view kSaying = "What is said";
constexpr std::string_view kHow = "How containers are made";

constexpr std::array kOptions = {
    Option<Global>{
        {"root", 0, "DIR", kWhere, "The containers (default /run/caisson-oci; $XDG_RUNTIME_DIR/caisson-oci)"},
        set_text<Global, &Global::root>},
    Option<Global>{{"log", 0, "FILE", kSaying, "Append messages to FILE; errors stay on standard error too"},
                   set_text<Global, &Global::log>},
    Option<Global>{{"log-format", 0, "FORMAT", kSaying, "text or json (default text)"}, set_format},
    Option<Global>{{"log-level", 0, "LEVEL", kSaying, "debug, info, warning or error (default info)"}, set_level},
    Option<Global>{{"debug", 0, {}, kSaying, "The same as --log-level debug"},
                   [](Global& global, const Use& use) -> Result<> {
                     if (use.value == "true") global.level = LogLevel::kDebug;
                     return {};
                   }},
    Option<Global>{{"version", 'v', {}, kSaying, "Print the version"}, set_flag<Global, &Global::version>},
    Option<Global>{{"systemd-cgroup", 0, {}, kHow, "Have systemd make the cgroup: cgroupsPath is SLICE:PREFIX:NAME"},
                   set_systemd},
    Option<Global>{
        {"cgroup-manager", 0, "MANAGER", kHow, "cgroupfs, systemd, or disabled: no cgroup (default cgroupfs)"},
        set_manager},
    Option<Global>{{"rootless", 0, "WHEN", kHow, "Without effect: what an ordinary user may not do is found out"},
                   check_rootless},
    Option<Global>{{"strict", 0, {}, kHow, "Refuse what would only be warned of, as unknown keys"},
                   set_flag<Global, &Global::strict>},
};

// Whether /run is ours. Root of a user namespace is an ordinary user's (podman's), unless its name is root's: runc's
// rule.
bool is_root_of_host(const char* runtime) {
  if (::geteuid() != 0) return false;
  const char* name = ::getenv("USER");
  if (runtime == nullptr || (name != nullptr && std::string_view(name) == "root")) return true;
  return !kernel::in_user_namespace();
}

// Root's is below /run; an ordinary user's in its runtime directory, with the sticky bit, so that it is not aged away
// (XDG Base Directory Specification, "$XDG_RUNTIME_DIR").
Result<std::string> default_root() {
  const char* runtime = ::getenv("XDG_RUNTIME_DIR");
  if (is_root_of_host(runtime)) return std::string("/run/caisson-oci");
  if (runtime == nullptr || *runtime != '/')
    return fail(complaint("--root: there is no default without XDG_RUNTIME_DIR", "name a directory of your own"));
  const std::string root = std::string(runtime) + "/caisson-oci";
  TRY(kernel::make_directories(root, 0700));
  (void)!::chmod(root.c_str(), 01700);
  return root;
}

Result<std::string> absolute_root(const std::string& given) {
  if (given.empty()) return default_root();
  if (kernel::exists(given)) {
    std::string root = TRY(kernel::absolute_path(given));
    if (root == "/") return fail(complaint("--root: the host's root directory is none for containers"));
    return root;
  }
  if (given.starts_with('/')) return given;
  return TRY(kernel::absolute_path(".")) + "/" + given;
}

}  // namespace

Result<std::vector<std::string>> read_global_options(const std::vector<std::string>& arguments, Command& command) {
  Global global;
  const std::vector<std::string> words = with_double_dashes(spellings(kOptions), arguments, Order::kBeforeOperands);
  Parsed parsed = TRY(parse(kOptions, global, words, Order::kBeforeOperands));
  if (global.version) return std::vector<std::string>{std::string(kVersionWord)};
  if (parsed.help) return std::vector<std::string>{"help"};
  command.report = TRY_IN("--log", Report::open(global.log, global.level, global.format));
  command.root.path = TRY(absolute_root(global.root));
  command.root_is_given = !global.root.empty();
  command.strict = global.strict;
  command.cgroup_manager = global.cgroup_manager;
  return std::move(parsed.operands);
}

std::string overview() {
  std::string commands;
  for (const Verb& verb : verbs()) commands += fmt::format("  {:<10} {}\n", verb.name, verb.summary);
  return help_text("caisson-oci [GLOBAL OPTION…] COMMAND …",
                   "An OCI runtime: containers from bundles (runtime-spec 1.3), for engines and for people.",
                   spellings(kOptions)) +
         "\nCommands:\n" + commands + "\n`caisson-oci COMMAND --help` tells the rest.\n";
}

int print_version() {
  std::printf("caisson-oci version %s\nspec: 1.3.0\n", CAISSON_VERSION);
  return 0;
}

std::string own_path(const Command& command) {
  const std::string called_as = command.process_arguments[0];
  const std::string path = kernel::read_link("/proc/self/exe").value_or(called_as);
  // The kernel calls a file that is a mount of its own, attached nowhere, "/".
  const bool nameless = path == "/" || !kernel::exists(path);
  return nameless && called_as.starts_with('/') ? called_as : path;
}

}  // namespace caisson::oci
