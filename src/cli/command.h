// The verbs of `caisson`: one file each, one row each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "command_line/options.h"
#include "engine/places.h"
#include "runtime/launch.h"

namespace caisson::cli {

using namespace command_line;

/// What every verb is called with.
struct Command {
  std::string_view verb;
  engine::Places places;
  Log log;
  bool strict = false;                 ///< warnings about what was asked for are errors
  std::vector<std::string> arguments;  ///< behind the verb
  char** process_arguments = nullptr;  ///< main()'s argv
};

/// A verb; `summary` empty: for caisson's own use, not listed. Returns the exit status.
struct Verb {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Command& command);
};
std::span<const Verb> verbs();

/// Reads the global options and the verb from main()'s argv, and runs it.
int run_command_line(char** process_arguments);

/// The verb of a group ("system check") that the command's first argument names: its exit status. Without one, the
/// group's verbs are listed, but for those without a summary, which are other names.
int run_verb_of_group(const Command& command, std::span<const Verb> verbs);

/// Before a container's process can look at this one: puts the program's file out of reach of writing
/// (kernel/own_executable.h). Returns 0, or the exit status of a refusal.
int protect_own_executable(const Command& command);

inline constexpr int kRefused = 125;  ///< docker's exit status for everything that is not the container's own

/// Reports a failure on the log: "run: line", then the hint. Returns kRefused.
int refuse(const Command& command, const Error& error);
/// The same with the failure's own exit status.
int refuse(const Command& command, const runtime::LaunchError& error);

int verb_run(const Command& command);
int verb_ps(const Command& command);
int verb_exec(const Command& command);
int verb_enter(const Command& command);
int verb_logs(const Command& command);
int verb_inspect(const Command& command);
int verb_wait(const Command& command);
int verb_stop(const Command& command);
int verb_kill(const Command& command);
int verb_rm(const Command& command);
int verb_image_verify(const Command& command);
int verb_build(const Command& command);
int verb_pull(const Command& command);
int verb_push(const Command& command);
int verb_login(const Command& command);
int verb_logout(const Command& command);
int verb_load(const Command& command);
int verb_save(const Command& command);
int verb_import(const Command& command);
int verb_export(const Command& command);
int verb_cp(const Command& command);
int verb_diff(const Command& command);
int verb_commit(const Command& command);
int verb_system(const Command& command);
int verb_system_df(const Command& command);
int verb_system_prune(const Command& command);
int verb_explain(const Command& command);
int verb_images(const Command& command);
int verb_rmi(const Command& command);
int verb_tag(const Command& command);
int verb_history(const Command& command);
int verb_image(const Command& command);
int verb_image_inspect(const Command& command);
int verb_image_tree(const Command& command);
int verb_image_prune(const Command& command);
int verb_secret(const Command& command);
int verb_volume(const Command& command);
int verb_volume_prune(const Command& command);
int verb_version(const Command& command);
int verb_conclude(const Command& command);

}  // namespace caisson::cli
