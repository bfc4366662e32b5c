// The verbs of `caisson-oci`, with runc's command line: one file each, one row each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command_line/options.h"
#include "command_line/single_dash.h"
#include "oci/report.h"
#include "runtime/launch.h"
#include "runtime/state.h"

namespace caisson::oci {

using namespace command_line;

/// Who makes the cgroups of containers: this program, systemd, or nobody.
enum class CgroupManager { kCgroupfs, kSystemd, kDisabled };

/// What every verb is called with.
struct Command {
  std::string_view verb;
  runtime::StateRoot root;
  bool root_is_given = false;  ///< by --root
  Report report;
  bool strict = false;  ///< what would be warned of is an error
  CgroupManager cgroup_manager = CgroupManager::kCgroupfs;
  std::vector<std::string> arguments;  ///< behind the verb
  char** process_arguments = nullptr;  ///< main()'s argv
};

/// A verb. Returns the exit status.
struct Verb {
  std::string_view name;
  std::string_view usage;  ///< what stands behind "caisson-oci NAME"
  std::string_view summary;
  int (*run)(const Command& command);
};
std::span<const Verb> verbs();

/// Reads the global options and the verb from main()'s argv, and runs it.
int run_command_line(char** process_arguments);

/// Before a container's process can look at this one: its program is out of the container's reach (CVE-2019-5736).
/// Returns 0 then, or the exit status of a refusal.
int protect_own_executable(const Command& command);

inline constexpr int kFailed = 1;        ///< runc's exit status for its own errors …
inline constexpr int kExecFailed = 255;  ///< … and for those of exec

/// Reports a failure, with the hint; of create, run and exec as "create failed: line", as runc does. Returns the verb's
/// status for its own errors.
int refuse(const Command& command, const Error& error);
int refuse(const Command& command, const runtime::LaunchError& error);
/// The same for a command line that does not say what to do: of every verb the line alone, and kFailed.
int refuse_usage(const Command& command, const Error& error);

/// parse() with --help, which prints the verb's help: nothing then, with the exit status in `status`; so too for what
/// is wrong with the options, and for another number of operands than from `least` to `most`.
struct Operands {
  std::size_t least = 1;
  std::size_t most = 1;
};
std::optional<std::vector<std::string>> finish(const Command& command, Result<Parsed> parsed,
                                               const std::vector<Spelling>& rows, Operands operands, int& status);

template <class Table, class Target>
std::optional<std::vector<std::string>> read_options(const Command& command, const Table& table, Target& target,
                                                     Order order, Operands operands, int& status) {
  const std::vector<Spelling> rows = spellings(table);
  return finish(command, parse(table, target, with_double_dashes(rows, command.arguments, order), order), rows,
                operands, status);
}

/// The same for a verb without options.
std::optional<std::vector<std::string>> read_operands(const Command& command, Operands operands, int& status);

// Setters of tables.
template <class Target, bool Target::* member>
Result<> set_flag(Target& target, const Use& use) {
  target.*member = use.value == "true";
  return {};
}
template <class Target, std::string Target::* member>
Result<> set_text(Target& target, const Use& use) {
  target.*member = std::string(use.value);
  return {};
}
template <class Target>
Result<> accept(Target&, const Use&) {
  return {};
}
/// "--preserve-fds 3"
Result<std::uint32_t> read_count(const Use& use);

int verb_create(const Command& command);
int verb_run(const Command& command);
int verb_start(const Command& command);
int verb_state(const Command& command);
int verb_kill(const Command& command);
int verb_delete(const Command& command);
int verb_exec(const Command& command);
int verb_list(const Command& command);
int verb_ps(const Command& command);
int verb_pause(const Command& command);
int verb_resume(const Command& command);
int verb_update(const Command& command);
int verb_events(const Command& command);
int verb_spec(const Command& command);
int verb_features(const Command& command);
int verb_explain(const Command& command);
int verb_checkpoint(const Command& command);
int verb_restore(const Command& command);

}  // namespace caisson::oci
