#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/tree.h"
#include "cli/command.h"
#include "cli/pod_selection.h"
#include "cli/template.h"
#include "cli/verb_pod.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/source.h"
#include "inspect/process.h"
#include "inspect/process_columns.h"
#include "inspect/ps_options.h"
#include "kernel/files.h"
#include "spec/capability.h"

namespace caisson::cli {

namespace {

struct TopOptions {
  bool latest = false;
};

const Option<TopOptions> kOptions[] = {
    {{"latest", 'l', {}, {}, "The container that was made last"},
     [](TopOptions& options, const Use& use) -> Result<> { return options.latest = use.value == "true", Result<>(); }},
};

// The names of ids, of whoever looks from the container: its own files and its own numbers.
std::function<std::string(std::uint32_t)> names(std::map<std::uint32_t, std::string> known,
                                                engine::IdMappings mappings) {
  return [known = std::move(known), mappings = std::move(mappings)](std::uint32_t id) {
    std::uint32_t inner = id;
    for (const auto& mapping : mappings) {
      if (id >= mapping.host_id && id - mapping.host_id < mapping.size)
        inner = mapping.container_id + (id - mapping.host_id);
    }
    const auto found = known.find(inner);
    return found == known.end() ? std::to_string(inner) : found->second;
  };
}

std::uint64_t kernel_capabilities() {
  const std::string text = kernel::read_file("/proc/sys/kernel/cap_last_cap").value_or("");
  const auto last = parse_unsigned(cut(text, '\n').head);
  return last && *last < 63 ? (std::uint64_t{2} << *last) - 1 : spec::all_capabilities();
}

inspect::Shown shown_for(const engine::Container& container) {
  const std::string root = fmt::format("/proc/{}/root", container.live->process.pid);
  const auto inner = [&](const char* file) { return inspect::names_by_id(engine::read_inside(root, file)); };
  const auto outer = [](const char* file) { return inspect::names_by_id(kernel::read_file(file).value_or("")); };
  return {.clock = inspect::read_clock(),
          .user = names(inner("/etc/passwd"), container.record.uid_mappings),
          .group = names(inner("/etc/group"), container.record.gid_mappings),
          .host_user = names(outer("/etc/passwd"), {}),
          .host_group = names(outer("/etc/group"), {}),
          .all_capabilities = kernel_capabilities()};
}

// All in its cgroups; without one, what can be said is who was first.
std::set<pid_t> processes_of(const engine::Container& container) {
  std::set<pid_t> pids = {container.live->process.pid};
  for (const std::string& directory : container.record.cgroup_directories) {
    for (const pid_t pid : cgroup::processes_in(directory)) pids.insert(pid);
  }
  return pids;
}

bool runs(const engine::Container& container) { return container.live && container.live->process.pid != 0; }

void add_processes(std::vector<std::vector<std::string>>& lines, const inspect::Table& table,
                   const engine::Container& container) {
  const inspect::Shown shown = shown_for(container);
  for (const pid_t pid : processes_of(container)) {
    const auto facts = inspect::read_process(pid);
    if (!facts) continue;  // it has ended
    std::vector<std::string>& line = lines.emplace_back();
    for (const inspect::Column& column : table.columns)
      line.push_back(inspect::cell(column, table.view, *facts, shown));
  }
}

std::vector<std::vector<std::string>> headings(const inspect::Table& table) {
  std::vector<std::vector<std::string>> lines(1);
  for (const inspect::Column& column : table.columns) lines.front().push_back(column.heading);
  return lines;
}

Result<std::string> top(const engine::Container& container, const std::vector<std::string>& words) {
  const inspect::Table table = TRY(inspect::read_table(words));
  if (!runs(container)) {
    return fail(complaint(fmt::format("container {} is not running", container.record.name),
                          "caisson ps -a shows how it ended"));
  }
  std::vector<std::vector<std::string>> lines = headings(table);
  add_processes(lines, table, container);
  return align(lines);
}

Result<std::string> pod_top(const engine::Pod& pod, const std::vector<std::string>& words) {
  const inspect::Table table = TRY(inspect::read_table(words));
  std::vector<std::vector<std::string>> lines = headings(table);
  for (const engine::Container& member : pod.members) {
    if (runs(member)) add_processes(lines, table, member);
  }
  if (lines.size() == 1)
    return fail(complaint(fmt::format("pod {} is not running", pod.record.name), "caisson pod ps shows how it is"));
  return align(lines);
}

Result<engine::Container> latest(const engine::Places& places) {
  engine::Listing listing = TRY(engine::list_containers(places));
  if (listing.containers.empty()) return fail(complaint("there is no container"));
  return std::move(listing.containers.front());
}

std::string about() {
  const auto names = inspect::descriptor_names();
  return "Shows the processes of a container: as ps -ef does, with the host's pids and users; by options of ps (-ef, "
         "aux, -o COLUMN,…); or, with the container's, by names of columns: " +
         join({names.begin(), names.end()}, " ") + ".";
}

}  // namespace

Manual pod_top_manual() {
  return {"[-l] POD [COLUMN…|PS-OPTION…]", "Shows the processes of a pod, as caisson top does those of a container.",
          spellings(kOptions), Order::kBeforeOperands};
}

int verb_pod_top(const Command& command) {
  TopOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kBeforeOperands);
  if (!parsed) return refuse(command, parsed.error());
  std::vector<std::string> words = parsed->operands;
  engine::sweep(command.places, command.log);
  PodSelection selection;
  selection.latest = options.latest;
  std::vector<std::string> names;
  if (!options.latest && !words.empty()) {
    names.push_back(words.front());
    words.erase(words.begin());
  }
  const auto pods = selected_pods(command, selection, names);
  if (!pods) return refuse(command, pods.error());
  const Result<std::string> text = pod_top(pods->front(), words);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

Manual top_manual() {
  static const std::string kAbout = about();
  return {"[-l] CONTAINER [COLUMN…|PS-OPTION…]", kAbout, spellings(kOptions), Order::kBeforeOperands};
}

int verb_top(const Command& command) {
  TopOptions options;
  // Options of ps stand behind the container's name.
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kBeforeOperands);
  if (!parsed) return refuse(command, parsed.error());
  std::vector<std::string> words = parsed->operands;
  if (words.empty() && !options.latest)
    return refuse(command, complaint("which container? A name or the beginning of an id is needed"));
  engine::sweep(command.places, command.log);
  const Result<engine::Container> container =
      options.latest ? latest(command.places) : engine::find_container(command.places, words.front());
  if (!container) return refuse(command, container.error());
  if (!options.latest) words.erase(words.begin());
  const Result<std::string> text = top(*container, words);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
