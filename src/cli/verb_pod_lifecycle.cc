// pod: start, stop, restart, kill, pause, unpause, rm, prune.
#include <signal.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "cli/pod_selection.h"
#include "cli/question.h"
#include "cli/verb_pod.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/pod_lifecycle.h"

namespace caisson::cli {

namespace {

struct PodOptions : PodSelection {
  std::optional<std::int32_t> timeout_s;
  int signal = SIGKILL;
  bool force = false;
};
using Row = Option<PodOptions>;

Result<> set_timeout(PodOptions& options, const Use& use) {
  const auto seconds = parse_signed(use.value);
  if (!seconds || *seconds < -1 || *seconds > INT32_MAX / 1000)
    return fail(complaint(fmt::format("'{}' is no number of seconds, or -1", use.value)));
  options.timeout_s = static_cast<std::int32_t>(*seconds);
  return {};
}

Result<> set_signal(PodOptions& options, const Use& use) {
  const auto signal = parse_signal(use.value);
  if (!signal) return fail(complaint(fmt::format("there is no signal '{}'", use.value)));
  options.signal = *signal;
  return {};
}

Result<> set_force(PodOptions& options, const Use& use) { return options.force = use.value == "true", Result<>(); }

const Row kStartOptions[] = {
    all_pods_row<PodOptions>("All there are"),
    latest_pod_row<PodOptions>(),
    pod_id_file_row<PodOptions>(),
};
const Row kPlainOptions[] = {
    all_pods_row<PodOptions>("All there are"),
    latest_pod_row<PodOptions>(),
};
const Row kStopOptions[] = {
    all_pods_row<PodOptions>("All there are"),
    latest_pod_row<PodOptions>(),
    ignore_pods_row<PodOptions>(),
    pod_id_file_row<PodOptions>(),
    {{"time", 't', "SECONDS", {}, "How long to wait before killing (default each container's, or 10; -1: for ever)"},
     set_timeout},
    {{"timeout", 0, "SECONDS", {}, {}, false, "time"}, set_timeout},
};
const Row kKillOptions[] = {
    all_pods_row<PodOptions>("All there are"),
    latest_pod_row<PodOptions>(),
    {{"signal", 's', "SIGNAL", {}, "Signal to send, by name or number (default KILL)"}, set_signal},
};
const Row kRmOptions[] = {
    all_pods_row<PodOptions>("All there are"),
    latest_pod_row<PodOptions>(),
    ignore_pods_row<PodOptions>(),
    pod_id_file_row<PodOptions>(),
    {{"force", 'f', {}, {}, "End its containers first, and pass over one that is not there"}, set_force},
    {{"time", 't', "SECONDS", {}, "With --force: how long to wait before killing (default 0)"}, set_timeout},
    {{"timeout", 0, "SECONDS", {}, {}, false, "time"}, set_timeout},
};
const Row kPruneOptions[] = {
    {{"force", 'f', {}, {}, "Do not ask"}, set_force},
};

template <class Table, class Work>
int work_on_pods(const Command& command, const Table& table, const Work& work) {
  PodOptions options;
  int status = 0;
  const auto names = read_words(command, table, options, status);
  if (!names) return status;
  engine::sweep(command.places, command.log);
  options.ignore = options.ignore || options.force;
  return for_each_pod(command, options, *names, [&](const engine::Pod& pod) -> Result<> { return work(pod, options); });
}

}  // namespace

Manual pod_start_manual() {
  return {"POD…",
          "Starts all containers of pods: the infra container first, then the init containers, each to its end.",
          spellings(kStartOptions)};
}
int verb_pod_start(const Command& command) {
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  return work_on_pods(command, kStartOptions, [&](const engine::Pod& pod, const PodOptions&) {
    return engine::start_pod(command.places, pod, command.log);
  });
}

Manual pod_stop_manual() {
  return {"[-t SECONDS] POD…", "Asks all containers of pods to end, and ends those that do not.",
          spellings(kStopOptions)};
}
int verb_pod_stop(const Command& command) {
  return work_on_pods(command, kStopOptions, [&](const engine::Pod& pod, const PodOptions& options) {
    return engine::stop_pod(command.places, pod, options.timeout_s, command.log);
  });
}

Manual pod_restart_manual() {
  return {"POD…", "Stops all containers of pods, and starts them again.", spellings(kPlainOptions)};
}
int verb_pod_restart(const Command& command) {
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  return work_on_pods(command, kPlainOptions, [&](const engine::Pod& pod, const PodOptions&) {
    return engine::restart_pod(command.places, pod, command.log);
  });
}

Manual pod_kill_manual() {
  return {"[-s SIGNAL] POD…", "Sends a signal to all containers of pods.", spellings(kKillOptions)};
}
int verb_pod_kill(const Command& command) {
  return work_on_pods(command, kKillOptions, [&](const engine::Pod& pod, const PodOptions& options) {
    return engine::kill_pod(command.places, pod, options.signal, command.log);
  });
}

Manual pod_pause_manual() { return {"POD…", "Stops all processes of pods where they are.", spellings(kPlainOptions)}; }
int verb_pod_pause(const Command& command) {
  return work_on_pods(command, kPlainOptions, [&](const engine::Pod& pod, const PodOptions&) {
    return engine::pause_pod(command.places, pod);
  });
}

Manual pod_unpause_manual() { return {"POD…", "Lets the processes of paused pods go on.", spellings(kPlainOptions)}; }
int verb_pod_unpause(const Command& command) {
  return work_on_pods(command, kPlainOptions, [&](const engine::Pod& pod, const PodOptions&) {
    return engine::unpause_pod(command.places, pod);
  });
}

Manual pod_rm_manual() {
  return {"[-f] POD…", "Removes pods, with their containers and the volumes that were made for those alone.",
          spellings(kRmOptions)};
}
int verb_pod_rm(const Command& command) {
  return work_on_pods(command, kRmOptions, [&](const engine::Pod& pod, const PodOptions& options) -> Result<> {
    if (options.timeout_s && !options.force)
      return fail(complaint("--time (-t): only with --force, which ends what runs"));
    return engine::remove_pod(command.places, pod, options.force ? engine::Force::kYes : engine::Force::kNo,
                              options.timeout_s, command.log);
  });
}

Manual pod_prune_manual() {
  return {"[-f]", "Removes pods of which containers have ended, and in which none runs.", spellings(kPruneOptions)};
}
int verb_pod_prune(const Command& command) {
  PodOptions options;
  int status = 0;
  const auto names = read_words(command, kPruneOptions, options, status);
  if (!names) return status;
  if (!names->empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: prune takes no names", (*names)[0])));
  if (!options.force && !agreed_to("This will remove all stopped pods, with their containers.")) return 0;
  engine::sweep(command.places, command.log);
  const Result<engine::PodListing> listing = engine::list_pods(command.places);
  if (!listing) return refuse(command, listing.error());
  for (const engine::Pod& pod : listing->pods) {
    const std::string_view word = engine::pod_status(pod.members);
    if (word != "Exited" && word != "Stopped") continue;
    const Result<> removed = engine::remove_pod(command.places, pod, engine::Force::kNo, std::nullopt, command.log);
    if (removed) {
      std::puts(pod.record.id.c_str());
    } else {
      refuse(command, removed.error());
      status = 1;
    }
  }
  return status;
}

}  // namespace caisson::cli
