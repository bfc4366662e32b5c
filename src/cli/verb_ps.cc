// ps, which is `container ls`.
#include <algorithm>
#include <cstdio>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/container_filter.h"
#include "cli/container_json.h"
#include "cli/image_json.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/disk_usage.h"
#include "engine/health_state.h"

namespace caisson::cli {

namespace {

struct PsOptions {
  bool all = false;
  bool quiet = false;
  bool whole = false;
  bool size = false;
  bool no_heading = false;
  std::optional<std::uint64_t> last;
  std::string format;
  std::string sort = "created";
  ContainerFilters filters;
};

Result<> set_last(PsOptions& options, const Use& use) {
  const auto count = parse_signed(use.value);
  if (!count || *count < -1) return fail(complaint(fmt::format("'{}' is no number of containers", use.value)));
  options.last.reset();
  if (*count >= 0) options.last = static_cast<std::uint64_t>(*count);
  return {};
}

// What --sort takes, and the field of the row that it means; without one they stay as they come, the newest first.
struct SortKey {
  std::string_view word;
  std::string_view field;
};
constexpr SortKey kSortKeys[] = {{"created", ""},    {"runningfor", ""}, {"command", "Command"}, {"id", "ID"},
                                 {"image", "Image"}, {"names", "Names"}, {"size", "Size"},       {"status", "Status"}};

Result<> set_sort(PsOptions& options, const Use& use) {
  if (std::ranges::find(kSortKeys, use.value, &SortKey::word) == std::end(kSortKeys)) {
    return fail(complaint(
        fmt::format("'{}' is none of created, command, id, image, names, runningfor, size, status", use.value)));
  }
  options.sort = std::string(use.value);
  return {};
}

const Option<PsOptions> kOptions[] = {
    {{"all", 'a', {}, {}, "Those that have ended too"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }},
    {{"filter",
      'f',
      "KEY=VALUE",
      {},
      "Those alone that have it: name, id, status, exited, label, label!, ancestor, "
      "before, since, until, volume, network, health, expose, publish, restart-policy, is-task",
      true},
     [](PsOptions& options, const Use& use) -> Result<> { return options.filters.add(use.value); }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Names}} {{.Status}}'), or 'table TEMPLATE'"},
     [](PsOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
    {{"last", 'n', "NUMBER", {}, "The newest ones, running or not"}, set_last},
    {{"latest", 'l', {}, {}, "The newest one, running or not"},
     [](PsOptions& options, const Use& use) -> Result<> {
       if (use.value == "true") options.last = 1;
       return {};
     }},
    {{"no-trunc", 0, {}, {}, "Ids and commands in full length"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.whole = use.value == "true", Result<>(); }},
    {{"noheading", 0, {}, {}, "No headings above the columns"},
     [](PsOptions& options, const Use& use) -> Result<> {
       return options.no_heading = use.value == "true", Result<>();
     }},
    {{"quiet", 'q', {}, {}, "Ids alone"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.quiet = use.value == "true", Result<>(); }},
    {{"size", 's', {}, {}, "What each has written, and that with its image"},
     [](PsOptions& options, const Use& use) -> Result<> { return options.size = use.value == "true", Result<>(); }},
    {{"sort", 0, "KEY", {}, "created (the newest first), command, id, image, names, runningfor, size or status"},
     set_sort},
};

const Columns kColumns = {.table = {"ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"},
                          .headings = {{"ID", "CONTAINER ID"}, {"RunningFor", "CREATED"}}};

// What is looked up for the rows only where the format shows it.
class Details {
 public:
  Details(const engine::Places& places, const PsOptions& options, const Format& format)
      : places_(places),
        wants_size_(options.size || options.sort == "size" || format.uses("Size")),
        wants_mounts_(format.uses("Mounts") || format.uses("LocalVolumes")),
        is_whole_(options.whole) {}

  /// Returns the bytes that it has written, where they are wanted.
  std::int64_t add_to(nlohmann::ordered_json& row, const engine::Container& container);

 private:
  const engine::Places& places_;
  bool wants_size_;
  bool wants_mounts_;
  bool is_whole_;
};

std::int64_t Details::add_to(nlohmann::ordered_json& row, const engine::Container& container) {
  const engine::Record& record = container.record;
  std::int64_t written = 0;
  if (wants_size_) {
    const engine::ContainerBytes bytes = engine::container_bytes(places_, record).value_or(engine::ContainerBytes());
    written = bytes.written;
    row["Size"] = fmt::format("{} (virtual {})", decimal_bytes(written), decimal_bytes(written + bytes.below));
  }
  if (!wants_mounts_) return written;
  std::vector<std::string> names;
  std::size_t volumes = 0;
  constexpr std::size_t kShown = 15;
  for (const engine::MountRecord& mount : record.mounts) {
    if (mount.type == "tmpfs") continue;
    const std::string& name = mount.name.empty() ? mount.source : mount.name;
    names.push_back(is_whole_ || name.size() <= kShown ? name : name.substr(0, kShown - 1) + "…");
    volumes += mount.type == "volume" ? 1 : 0;
  }
  row["Mounts"] = join(names, ",");
  row["LocalVolumes"] = std::to_string(volumes);
  return written;
}

Result<std::vector<engine::Container>> chosen(const Command& command, const PsOptions& options) {
  engine::Listing listing = TRY(engine::list_swept(command.places, command.log));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  const bool shows_ended = options.all || options.last || options.filters.shows_ended();
  std::vector<engine::Container> containers;
  for (engine::Container& container : listing.containers) {  // the newest first
    if (options.last && containers.size() == *options.last) break;
    const auto more = ContainerFilters::more_of(command.places, container);
    if ((shows_ended || container.live) && options.filters.pass(container, more))
      containers.push_back(std::move(container));
  }
  return containers;
}

Result<std::string> listed(const Command& command, PsOptions& options) {
  const Format format = TRY(Format::read(options.quiet ? "{{.ID}}" : options.format));
  TRY(options.filters.look_up(command.places));
  Details details(command.places, options, format);
  std::vector<std::tuple<std::int64_t, std::string, ListedRow>> sorted;
  const std::string by(std::ranges::find(kSortKeys, options.sort, &SortKey::word)->field);
  for (const engine::Container& container : TRY(chosen(command, options))) {
    ListedRow row{ps_row(container, options.whole, engine::health_of(command.places, container)),
                  container.record.labels};
    const std::int64_t written = details.add_to(row.fields, container);
    const bool is_by_text = !by.empty() && by != "Size";
    sorted.emplace_back(by == "Size" ? written : 0, is_by_text ? row.fields.at(by).get<std::string>() : "",
                        std::move(row));
  }
  std::ranges::stable_sort(sorted, {}, [](const auto& each) { return std::tie(std::get<0>(each), std::get<1>(each)); });
  std::vector<ListedRow> rows;
  for (auto& [bytes, word, row] : sorted) rows.push_back(std::move(row));
  Columns columns = kColumns;
  if (options.size) columns.table.emplace_back("Size");
  return format.rows(rows, columns, options.no_heading ? Format::Heading::kNone : Format::Heading::kShown);
}

}  // namespace

Manual ps_manual() { return {"[OPTION…]", "Lists containers.", spellings(kOptions)}; }

int verb_ps(const Command& command) {
  PsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: ps takes options alone", parsed->operands[0])));
  const Result<std::string> text = listed(command, options);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
