#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/container_stats.h"
#include "cli/pod_selection.h"
#include "cli/template.h"
#include "cli/verb_pod.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"

namespace caisson::cli {

namespace {

struct StatsOptions {
  bool all = false;
  bool stream = true;
  bool whole = false;
  bool reset = true;
  std::uint64_t interval_s = 1;
  std::string format;
};

Result<> set_interval(StatsOptions& options, const Use& use) {
  const auto seconds = parse_unsigned(use.value);
  if (!seconds || *seconds == 0 || *seconds > 86400)
    return fail(complaint(fmt::format("'{}' is no number of seconds from 1 to 86400", use.value)));
  options.interval_s = *seconds;
  return {};
}

const Option<StatsOptions> kOptions[] = {
    {{"all", 'a', {}, {}, "Those that do not run, too"},
     [](StatsOptions& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Name}} {{.CPUPerc}}'), or 'table TEMPLATE'"},
     [](StatsOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
    {{"interval", 'i', "SECONDS", {}, "Between two tables (default 1)"}, set_interval},
    {{"no-reset", 0, {}, {}, "On a terminal: each table below the one before"},
     [](StatsOptions& options, const Use& use) -> Result<> { return options.reset = use.value != "true", Result<>(); }},
    {{"no-stream", 0, {}, {}, "One table, and no more"},
     [](StatsOptions& options, const Use& use) -> Result<> {
       return options.stream = use.value != "true", Result<>();
     }},
    {{"no-trunc", 0, {}, {}, "Ids in full length"},
     [](StatsOptions& options, const Use& use) -> Result<> { return options.whole = use.value == "true", Result<>(); }},
};

const Columns kColumns = {.table = {"ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"},
                          .headings = {{"ID", "CONTAINER ID"},
                                       {"CPUPerc", "CPU %"},
                                       {"MemUsage", "MEM USAGE / LIMIT"},
                                       {"MemPerc", "MEM %"},
                                       {"NetIO", "NET I/O"},
                                       {"BlockIO", "BLOCK I/O"},
                                       {"PIDs", "PIDS"}}};

// What `names` are the names of.
enum class Named { kContainers, kPods };

Columns columns(Named named) {
  Columns all = kColumns;
  if (named == Named::kPods) {
    all.table.insert(all.table.begin(), "Pod");
    all.headings["ID"] = "CID";
  }
  return all;
}

// Those of the pods that are named, or of all pods.
Result<std::vector<engine::Container>> watched_pods(const Command& command, const std::vector<std::string>& names) {
  PodSelection selection;
  selection.all = names.empty();
  std::vector<engine::Container> containers;
  const Result<std::vector<engine::Pod>> pods = selected_pods(command, selection, names);
  if (!pods) return fail(pods.error());
  for (const engine::Pod& pod : *pods) containers.insert(containers.end(), pod.members.begin(), pod.members.end());
  return containers;
}

// Those named, or all there are.
Result<std::vector<engine::Container>> watched(const Command& command, Named named,
                                               const std::vector<std::string>& names) {
  if (named == Named::kPods) return watched_pods(command, names);
  if (names.empty()) {
    engine::Listing listing = TRY(engine::list_containers(command.places));
    for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
    return std::move(listing.containers);
  }
  std::vector<engine::Container> containers;
  for (const std::string& name : names) containers.push_back(TRY(engine::find_container(command.places, name)));
  return containers;
}

bool runs(const engine::Container& container) { return container.live && container.live->process.pid != 0; }

class Stats {
 public:
  Stats(const Command& command, const StatsOptions& options, Named named, std::vector<std::string> names, Format format)
      : command_(command),
        options_(options),
        named_(named),
        names_(std::move(names)),
        format_(std::move(format)),
        is_live_(options.stream && options.reset && ::isatty(STDOUT_FILENO) == 1) {}

  Result<> run();

 private:
  Result<bool> print_table(const std::vector<engine::Container>& containers);  // whether any of them runs
  void show(const std::string& text) const;

  const Command& command_;
  const StatsOptions& options_;
  Named named_;
  std::vector<std::string> names_;
  Format format_;
  bool is_live_;
  std::map<std::string, UsageSample> before_;
};

// On a terminal over the table before: what is left of a longer line, and of more lines, is cleared.
void Stats::show(const std::string& text) const {
  if (!is_live_) {
    std::fputs(text.c_str(), stdout);
  } else {
    std::string screen = "\033[H";
    for (const std::string_view line : split(text, '\n')) screen += std::string(line) + "\033[K\n";
    screen.pop_back();
    std::fputs((screen + "\033[J").c_str(), stdout);
  }
}

Result<bool> Stats::print_table(const std::vector<engine::Container>& containers) {
  std::map<std::string, UsageSample> samples;
  std::vector<ListedRow> rows;
  for (const engine::Container& container : containers) {
    const std::string& id = container.record.id;
    std::optional<UsageSample> now;
    std::optional<UsageSample> before;
    if (runs(container)) now = samples[id] = sample_usage(container);
    if (const auto known = before_.find(id); known != before_.end()) before = known->second;
    if (!now && !options_.all && names_.empty()) continue;
    rows.push_back({stats_row(container, before, now, options_.whole)});
    if (named_ == Named::kPods) rows.back().fields["Pod"] = short_id(container.record.pod.id);
  }
  before_ = std::move(samples);
  show(TRY(format_.rows(rows, columns(named_))));
  if (std::fflush(stdout) != 0) return fail(os_error("write", "standard output"));
  return !before_.empty();
}

Result<> Stats::run() {
  if (is_live_) std::fputs("\033[2J", stdout);
  std::vector<engine::Container> containers = TRY(watched(command_, named_, names_));
  while (true) {
    const bool any_runs = TRY(print_table(containers));
    if (!options_.stream || (!any_runs && !names_.empty())) return {};
    const timespec pause{.tv_sec = static_cast<time_t>(options_.interval_s), .tv_nsec = 0};
    ::nanosleep(&pause, nullptr);
    Result<std::vector<engine::Container>> again = watched(command_, named_, names_);
    if (!again && !names_.empty()) return {};  // one of them has been removed
    if (!again) return fail(std::move(again).error());
    containers = std::move(*again);
  }
}

}  // namespace

Manual stats_manual() {
  return {"[OPTION…] [CONTAINER…]",
          "Shows what containers use, until those that were named have ended. CPU % is of one processor, "
          "in the first table since the container's start, then since the table before. MEM USAGE is the "
          "kernel's working set: what is charged to the cgroup, without inactive_file, the cache of files "
          "that can be had back at once.",
          spellings(kOptions)};
}

Manual pod_stats_manual() {
  return {"[OPTION…] [POD…]", "Shows what the containers of pods use, as caisson stats does.", spellings(kOptions)};
}

namespace {

int show_stats(const Command& command, Named named) {
  StatsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  engine::sweep(command.places, command.log);
  Result<Format> format = Format::read(options.format);
  if (!format) return refuse(command, format.error());
  const Result<> shown = Stats(command, options, named, parsed->operands, *std::move(format)).run();
  return shown ? 0 : refuse(command, shown.error());
}

}  // namespace

int verb_stats(const Command& command) { return show_stats(command, Named::kContainers); }

int verb_pod_stats(const Command& command) { return show_stats(command, Named::kPods); }

}  // namespace caisson::cli
