// pod: create, exists, inspect, ps; the table of them all.
#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "cli/caller.h"
#include "cli/command.h"
#include "cli/names.h"
#include "cli/pod_json.h"
#include "cli/pod_options.h"
#include "cli/pod_selection.h"
#include "cli/template.h"
#include "cli/verb_pod.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/pods.h"

namespace caisson::cli {

namespace {

struct PodListOptions : PodSelection {
  bool quiet = false;
  bool whole = false;
  bool no_heading = false;
  bool ids = false;
  bool names = false;
  bool statuses = false;
  std::string format;
  std::string sort = "created";
  std::vector<PodFilter> filters;
};
using Row = Option<PodListOptions>;

template <auto Member>
Result<> set_flag(PodListOptions& options, const Use& use) {
  options.*Member = use.value == "true";
  return {};
}

Result<> set_format(PodListOptions& options, const Use& use) {
  return options.format = std::string(use.value), Result<>();
}

struct SortKey {
  std::string_view word;
  std::string_view field;
};
constexpr SortKey kSortKeys[] = {
    {"created", ""}, {"id", "ID"}, {"name", "Name"}, {"number", "NumberOfContainers"}, {"status", "Status"}};

Result<> set_sort(PodListOptions& options, const Use& use) {
  if (std::ranges::find(kSortKeys, use.value, &SortKey::word) == std::end(kSortKeys))
    return fail(complaint(fmt::format("'{}' is none of created, id, name, number, status", use.value)));
  options.sort = std::string(use.value);
  return {};
}

const Row kPsOptions[] = {
    {{"filter",
      'f',
      "KEY=VALUE",
      {},
      "Those alone that have it: name, id, status, label, label!, ctr-ids, ctr-names, ctr-number, ctr-status, network, "
      "until",
      true},
     [](PodListOptions& options, const Use& use) -> Result<> {
       options.filters.push_back(TRY(read_pod_filter(use.value)));
       return {};
     }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Name}} {{.Status}}'), or 'table TEMPLATE'"}, set_format},
    {{"ctr-ids", 0, {}, {}, "The ids of their containers, too"}, set_flag<&PodListOptions::ids>},
    {{"ctr-names", 0, {}, {}, "Their names, too"}, set_flag<&PodListOptions::names>},
    {{"ctr-status", 0, {}, {}, "How they are, too"}, set_flag<&PodListOptions::statuses>},
    {{"latest", 'l', {}, {}, "The pod that was created last"}, set_flag<&PodListOptions::latest>},
    {{"no-trunc", 0, {}, {}, "Ids in full length"}, set_flag<&PodListOptions::whole>},
    {{"noheading", 0, {}, {}, "No headings"}, set_flag<&PodListOptions::no_heading>},
    {{"quiet", 'q', {}, {}, "Ids alone"}, set_flag<&PodListOptions::quiet>},
    {{"sort", 0, "KEY", {}, "created (default, the newest first), id, name, number or status"}, set_sort},
};
const Row kInspectOptions[] = {
    {{"format", 'f', "FORMAT", {}, "json, or a template ('{{.State}}')"}, set_format},
    latest_pod_row<PodListOptions>(),
};
const std::vector<Row> kExistsOptions;

int verb_create(const Command& command) {
  Result<PodCommandLine> line = parse_pod_create(command.arguments, this_caller());
  if (!line) return refuse(command, line.error());
  if (line->operands.size() > 1 || (!line->operands.empty() && !line->name.empty()))
    return refuse(command, complaint(fmt::format("'{}' is too much: one name is enough", line->operands.back())));
  if (!line->infra_command.empty() && line->infra_image.empty())
    return refuse(command, complaint("--infra-command: --infra-image says what has that command"));
  engine::PodOptions pod{.infra = std::move(line->options),
                         .name = line->operands.empty() ? line->name : line->operands[0],
                         .has_infra = line->infra,
                         .infra_name = line->infra_name,
                         .infra_image = line->infra_image,
                         .infra_command = line->infra_command,
                         .id_file = line->id_file};
  pod.replace = pod.infra.replace;
  pod.infra.replace = false;
  const auto exit_policy = engine::read_exit_policy(line->exit_policy);
  const auto shares = engine::read_pod_shares(line->share.value_or("none"));
  if (!exit_policy) return refuse(command, in("--exit-policy", exit_policy.error()));
  if (!shares) return refuse(command, in("--share", shares.error()));
  pod.exit_policy = *exit_policy;
  pod.shares = line->share ? *shares : line->infra ? engine::kDefaultShares : engine::PodShares();
  engine::sweep(command.places, command.log);
  const Result<std::string> id = engine::create_pod(pod, command.places, command.log);
  if (!id) return refuse(command, id.error());
  std::puts(id->c_str());
  return 0;
}

int verb_exists(const Command& command) {
  PodListOptions options;
  const Result<Parsed> parsed = parse(kExistsOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 1) return refuse(command, complaint("one name is needed"));
  const Result<engine::Pod> pod = engine::find_pod(command.places, parsed->operands[0]);
  if (!pod && !engine::is_no_such_pod(pod.error())) return refuse(command, pod.error());
  return pod ? 0 : 1;
}

int verb_inspect(const Command& command) {
  PodListOptions options;
  const Result<Parsed> parsed = parse(kInspectOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  engine::sweep(command.places, command.log);
  std::vector<std::string> names = parsed->operands;
  if (names.empty() || options.latest) {
    const auto pods = selected_pods(command, options, names);
    if (!pods) return refuse(command, pods.error());
    for (const engine::Pod& pod : *pods) names.push_back(pod.record.id);
  }
  return print_objects(command, names, options.format, [&](const std::string& name) -> Result<nlohmann::ordered_json> {
    return pod_object(TRY(engine::find_pod(command.places, name)));
  });
}

Result<std::string> list(const Command& command, const PodListOptions& options) {
  const Format format = TRY(Format::read(options.quiet ? "{{.ID}}" : options.format));
  engine::PodListing listing = TRY(engine::list_pods(command.places));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  std::vector<ListedRow> rows;
  for (const engine::Pod& pod : listing.pods) {
    if (!passes(options.filters, pod)) continue;
    rows.push_back({pod_row(pod, options.whole), pod.record.labels});
    if (options.latest) break;
  }
  const std::string by(std::ranges::find(kSortKeys, options.sort, &SortKey::word)->field);
  if (!by.empty()) std::ranges::stable_sort(rows, {}, [&](const ListedRow& row) { return row.fields.at(by); });
  Columns columns = {.table = {"ID", "Name", "Status", "Created", "InfraID", "NumberOfContainers"},
                     .headings = {{"ID", "POD ID"},
                                  {"InfraID", "INFRA ID"},
                                  {"NumberOfContainers", "# OF CONTAINERS"},
                                  {"ContainerIds", "IDS"},
                                  {"ContainerNames", "NAMES"},
                                  {"ContainerStatuses", "STATUS"}}};
  if (options.ids) columns.table.emplace_back("ContainerIds");
  if (options.names) columns.table.emplace_back("ContainerNames");
  if (options.statuses) columns.table.emplace_back("ContainerStatuses");
  return format.rows(rows, columns, options.no_heading ? Format::Heading::kNone : Format::Heading::kShown);
}

int verb_pod_ps(const Command& command) {
  PodListOptions options;
  const Result<Parsed> parsed = parse(kPsOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: ps takes options alone", parsed->operands[0])));
  engine::sweep(command.places, command.log);
  const Result<std::string> text = list(command, options);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

Manual create_manual() {
  return {"[OPTION…] [NAME]",
          "Makes a pod, whose containers share a network, IPC and a host name, and prints its id. Limits are those of "
          "all its containers together.",
          pod_create_spellings(), Order::kAnywhere,
          "caisson pod create --name web -m 200m\n"
          "  A pod, whose containers get 200 MB between them.\n"
          "caisson run -d --pod web nginx\n"
          "  A container in it."};
}
Manual exists_manual() { return {"POD", "Exit status 0: the pod is there; 1: it is not.", spellings(kExistsOptions)}; }
Manual inspect_manual() {
  return {"[-f FORMAT] POD…", "Shows all that is known about pods.", spellings(kInspectOptions)};
}
Manual ps_manual() { return {"[OPTION…]", "Lists pods.", spellings(kPsOptions)}; }

constexpr std::array kVerbs = {
    Verb{"create", "Make a pod", verb_create, create_manual},
    Verb{"ps", "List pods", verb_pod_ps, ps_manual},
    Verb{"inspect", "Show all that is known about pods", verb_inspect, inspect_manual},
    Verb{"exists", "Say by the exit status whether there is a pod", verb_exists, exists_manual},
    Verb{"start", "Start all containers of pods", verb_pod_start, pod_start_manual},
    Verb{"stop", "Stop all containers of pods", verb_pod_stop, pod_stop_manual},
    Verb{"restart", "Stop them, and start them again", verb_pod_restart, pod_restart_manual},
    Verb{"kill", "Send a signal to all containers of pods", verb_pod_kill, pod_kill_manual},
    Verb{"pause", "Stop all processes of pods where they are", verb_pod_pause, pod_pause_manual},
    Verb{"unpause", "Let them go on", verb_pod_unpause, pod_unpause_manual},
    Verb{"logs", "Print what the containers of a pod have written", verb_pod_logs, pod_logs_manual},
    Verb{"top", "Show the processes of a pod", verb_pod_top, pod_top_manual},
    Verb{"stats", "Show what the containers of pods use", verb_pod_stats, pod_stats_manual},
    Verb{"rm", "Remove pods with their containers", verb_pod_rm, pod_rm_manual},
    Verb{"prune", "Remove pods in which nothing runs", verb_pod_prune, pod_prune_manual},
    Verb{"ls", "", verb_pod_ps, ps_manual},
    Verb{"list", "", verb_pod_ps, ps_manual},
};

}  // namespace

std::span<const Verb> pod_verbs() { return kVerbs; }

}  // namespace caisson::cli
