// The verbs of `caisson`: one file each, one row each.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "command_line/manual.h"
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

/// A verb, or a group of verbs.
struct Verb {
  std::string_view name;
  std::string_view summary;                      ///< empty: for caisson's own use, or another name; not listed
  int (*run)(const Command& command) = nullptr;  ///< returns the exit status; nullptr: a group, whose verbs run
  Manual (*manual)() = nullptr;                  ///< nullptr: the verb reads --help itself
  std::span<const Verb> (*verbs)() = nullptr;    ///< those of a group ("system check")
};
std::span<const Verb> verbs();

/// Reads the global options and the verb from main()'s argv, and runs it.
int run_command_line(char** process_arguments);

/// Runs `verb` with the arguments in `command`; --help prints what there is to say about it. Returns the exit status.
int run_verb(const Command& command, const Verb& verb);

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

/// What of the command line is no option; `options` takes the others by `table`. Nothing: the command line was refused,
/// and `status` is the exit status.
template <class Table, class Options>
std::optional<std::vector<std::string>> read_words(const Command& command, const Table& table, Options& options,
                                                   int& status) {
  Result<Parsed> parsed = parse(table, options, command.arguments, Order::kAnywhere);
  if (!parsed) return status = refuse(command, parsed.error()), std::nullopt;
  return std::move(parsed->operands);
}

int verb_run(const Command& command);
int verb_create(const Command& command);
int verb_start(const Command& command);
int verb_attach(const Command& command);
int verb_restart(const Command& command);
int verb_pause(const Command& command);
int verb_unpause(const Command& command);
int verb_update(const Command& command);
int verb_rename(const Command& command);
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
int verb_system_df(const Command& command);
int verb_system_prune(const Command& command);
int verb_container_prune(const Command& command);
int verb_container_exists(const Command& command);
int verb_image_exists(const Command& command);
int verb_explain(const Command& command);
int verb_images(const Command& command);
int verb_rmi(const Command& command);
int verb_tag(const Command& command);
int verb_history(const Command& command);
int verb_image_inspect(const Command& command);
int verb_image_tree(const Command& command);
int verb_image_prune(const Command& command);
int verb_events(const Command& command);
int verb_stats(const Command& command);
int verb_top(const Command& command);
int verb_network_audit(const Command& command);
int verb_port(const Command& command);
int verb_info(const Command& command);
int verb_volume_prune(const Command& command);
int verb_version(const Command& command);
int verb_generate_systemd(const Command& command);
int verb_completion(const Command& command);
int verb_complete(const Command& command);
int verb_conclude(const Command& command);

std::span<const Verb> image_verbs();
std::span<const Verb> system_verbs();
std::span<const Verb> explain_verbs();
std::span<const Verb> container_verbs();
std::span<const Verb> healthcheck_verbs();
std::span<const Verb> network_verbs();
std::span<const Verb> secret_verbs();
std::span<const Verb> kube_verbs();
std::span<const Verb> play_verbs();
std::span<const Verb> pod_verbs();
std::span<const Verb> volume_verbs();
std::span<const Verb> generate_verbs();

Manual start_manual();
Manual attach_manual();
Manual restart_manual();
Manual pause_manual();
Manual unpause_manual();
Manual rename_manual();
Manual ps_manual();
Manual exec_manual();
Manual enter_manual();
Manual logs_manual();
Manual inspect_manual();
Manual wait_manual();
Manual stop_manual();
Manual kill_manual();
Manual rm_manual();
Manual image_verify_manual();
Manual build_manual();
Manual pull_manual();
Manual push_manual();
Manual login_manual();
Manual logout_manual();
Manual load_manual();
Manual save_manual();
Manual import_manual();
Manual export_manual();
Manual diff_manual();
Manual commit_manual();
Manual system_df_manual();
Manual system_prune_manual();
Manual explain_manual();
Manual images_manual();
Manual rmi_manual();
Manual tag_manual();
Manual history_manual();
Manual image_inspect_manual();
Manual image_tree_manual();
Manual image_prune_manual();
Manual generate_systemd_manual();
Manual completion_manual();
Manual version_manual();
Manual cp_manual();
Manual events_manual();
Manual volume_prune_manual();
Manual container_prune_manual();
Manual container_exists_manual();
Manual image_exists_manual();
Manual info_manual();
Manual network_audit_manual();
Manual port_manual();
Manual stats_manual();
Manual top_manual();

}  // namespace caisson::cli
