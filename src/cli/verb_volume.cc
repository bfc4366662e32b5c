// volume: create, exists, inspect, ls, rm.
#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/names.h"
#include "cli/template.h"
#include "cli/volume_filter.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/value_grammar.h"
#include "engine/volumes.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

struct VolumeOptions {
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> options;
  std::string name;
  std::string format;
  std::vector<VolumeFilter> filters;
  bool quiet = false;
  bool force = false;
};

Result<> set_format(VolumeOptions& options, const Use& use) {
  return options.format = std::string(use.value), Result<>();
}

const Option<VolumeOptions> kCreateOptions[] = {
    {{"driver", 'd', "DRIVER", {}, "local, which is the only one"},
     [](VolumeOptions&, const Use& use) -> Result<> {
       if (use.value == "local") return {};
       return fail(complaint(fmt::format("there is no volume driver '{}': local is", use.value)));
     }},
    {{"label", 'l', "NAME=VALUE", {}, "Put a label on it", true},
     [](VolumeOptions& options, const Use& use) -> Result<> {
       auto [name, value] = TRY(engine::read_label(use.value));
       options.labels[name] = value;
       return {};
     }},
    {{"opt", 'o', "KEY=VALUE", {}, "What is mounted in its place: type=, device= and o=, as mount(8) takes them", true},
     [](VolumeOptions& options, const Use& use) -> Result<> {
       auto [name, value] = TRY(engine::read_assignment(use.value));
       options.options[name] = value;
       return {};
     }},
    {{"name", 0, "NAME"},
     [](VolumeOptions& options, const Use& use) -> Result<> { return options.name = use.value, Result<>(); }},
};
const Option<VolumeOptions> kListOptions[] = {
    {{"filter",
      'f',
      "KEY=VALUE",
      {},
      "dangling=BOOL, driver=NAME, label=NAME[=VALUE], label!=…, name=TEXT, until=MOMENT",
      true},
     [](VolumeOptions& options, const Use& use) -> Result<> {
       options.filters.push_back(TRY(read_volume_filter(use.value)));
       return {};
     }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Name}}'), or 'table TEMPLATE'"}, set_format},
    {{"quiet", 'q', {}, {}, "Names alone"},
     [](VolumeOptions& options, const Use& use) -> Result<> {
       return options.quiet = use.value == "true", Result<>();
     }},
};
const Option<VolumeOptions> kInspectOptions[] = {
    {{"format", 'f', "FORMAT", {}, "json, or a template ('{{.Mountpoint}}')"}, set_format},
};
const Option<VolumeOptions> kRmOptions[] = {
    {{"force", 'f', {}, {}, "One that is not there is no error"},
     [](VolumeOptions& options, const Use& use) -> Result<> {
       return options.force = use.value == "true", Result<>();
     }},
};
const std::vector<Option<VolumeOptions>> kExistsOptions;

Json inspect_volume(const engine::Volume& volume) {
  Json options = nullptr;
  if (!volume.record.options.empty()) options = volume.record.options;
  return {{"CreatedAt", rfc3339(volume.record.created_ns)},
          {"Driver", "local"},
          {"Labels", volume.record.labels},
          {"Mountpoint", volume.data},
          {"Name", volume.record.name},
          {"Options", options},
          {"Scope", "local"},
          {"Anonymous", volume.record.anonymous}};
}

Json volume_row(const engine::Volume& volume) {
  std::vector<std::string> labels;
  for (const auto& [name, value] : volume.record.labels) labels.push_back(name + "=" + value);
  return {{"Driver", "local"},         {"Labels", join(labels, ",")},
          {"Mountpoint", volume.data}, {"Name", volume.record.name},
          {"Scope", "local"},          {"CreatedAt", rfc3339(volume.record.created_ns)}};
}

Result<std::string> create(const Command& command, const VolumeOptions& options,
                           const std::vector<std::string>& operands) {
  if (operands.size() > 1) return fail(complaint(fmt::format("'{}' is too much: one name is enough", operands[1])));
  engine::VolumeRecord volume{
      .name = operands.empty() ? options.name : operands[0], .labels = options.labels, .options = options.options};
  if (!operands.empty() && !options.name.empty())
    return fail(complaint("the name is given twice: as an operand and by --name"));
  if (volume.name.empty()) {
    volume.name = engine::new_id();
    volume.anonymous = true;
  }
  if (!engine::is_volume_name(volume.name))
    return fail(complaint(fmt::format("'{}' is not a name: [a-zA-Z0-9][a-zA-Z0-9_.-]* is", volume.name)));
  TRY(engine::check_volume_options(volume.options));
  TRY(engine::clear_unfinished_volumes(command.places));
  if (TRY(engine::make_volume(command.places, volume))) return volume.name;
  const auto there = TRY(engine::find_volume(command.places, volume.name));
  if (there && !volume.options.empty() && there->record.options != volume.options)
    return fail(complaint(fmt::format("volume {} is there already, with other options", volume.name)));
  return volume.name;
}

Manual create_manual() {
  return {"[OPTION…] [NAME]", "Makes a volume, unless it is there, and prints its name.", spellings(kCreateOptions)};
}

int verb_create(const Command& command) {
  VolumeOptions options;
  int status = 0;
  const auto operands = read_words(command, kCreateOptions, options, status);
  if (!operands) return status;
  const Result<std::string> name = create(command, options, *operands);
  if (!name) return refuse(command, name.error());
  std::puts(name->c_str());
  return 0;
}

Manual exists_manual() {
  return {"NAME", "Exit status 0: the volume is there; 1: it is not.", spellings(kExistsOptions)};
}

int verb_exists(const Command& command) {
  VolumeOptions options;
  int status = 0;
  const auto operands = read_words(command, kExistsOptions, options, status);
  if (!operands) return status;
  if (operands->size() != 1) return refuse(command, complaint("one name is needed"));
  const auto volume = engine::find_volume(command.places, operands->front());
  if (!volume) return refuse(command, volume.error());
  return volume->has_value() ? 0 : 1;
}

Manual inspect_manual() {
  return {"[-f FORMAT] NAME…", "Shows all that is known about volumes.", spellings(kInspectOptions)};
}

int verb_inspect(const Command& command) {
  VolumeOptions options;
  int status = 0;
  const auto operands = read_words(command, kInspectOptions, options, status);
  if (!operands) return status;
  if (operands->empty()) return refuse(command, complaint("the name of a volume is missing"));
  return print_objects(command, *operands, options.format, [&](const std::string& name) -> Result<Json> {
    return inspect_volume(TRY(engine::require_volume(command.places, name)));
  });
}

Result<std::string> list(const Command& command, const VolumeOptions& options) {
  const engine::VolumeListing listing = TRY(engine::list_volumes(command.places));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  const engine::VolumeUses uses =
      options.filters.empty() ? engine::VolumeUses() : TRY(engine::volume_uses(command.places));
  std::vector<ListedRow> rows;
  for (const engine::Volume& volume : listing.volumes) {
    if (passes(options.filters, volume, uses.contains(volume.record.name)))
      rows.push_back({volume_row(volume), volume.record.labels});
  }
  const Format format = TRY(Format::read(options.quiet ? "{{.Name}}" : options.format));
  return format.rows(rows, {.table = {"Driver", "Name"}, .headings = {{"Name", "VOLUME NAME"}}});
}

Manual ls_manual() { return {"[OPTION…]", "Lists volumes.", spellings(kListOptions)}; }

int verb_ls(const Command& command) {
  VolumeOptions options;
  int status = 0;
  const auto operands = read_words(command, kListOptions, options, status);
  if (!operands) return status;
  if (!operands->empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: ls takes options alone", operands->front())));
  const Result<std::string> text = list(command, options);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

Manual rm_manual() {
  return {"[-f] NAME…", "Removes volumes that no container uses, with all that is in them.", spellings(kRmOptions)};
}

int verb_rm(const Command& command) {
  VolumeOptions options;
  int status = 0;
  const auto operands = read_words(command, kRmOptions, options, status);
  if (!operands) return status;
  if (operands->empty()) return refuse(command, complaint("the name of a volume is missing"));
  engine::sweep(command.places, command.log);
  for (const std::string& name : *operands) {
    const auto there =
        options.force ? engine::find_volume(command.places, name) : Result<std::optional<engine::Volume>>();
    const bool missing = options.force && there && !*there;
    const Result<> removed = missing ? Result<>() : engine::remove_volume(command.places, name);
    if (removed) {
      std::puts(name.c_str());
    } else {
      refuse(command, removed.error());
      status = 1;
    }
  }
  return status;
}

constexpr std::array kVerbs = {
    Verb{"create", "Make a volume", verb_create, create_manual},
    Verb{"exists", "Say by the exit status whether there is a volume", verb_exists, exists_manual},
    Verb{"inspect", "Show all that is known about volumes", verb_inspect, inspect_manual},
    Verb{"ls", "List volumes", verb_ls, ls_manual},
    Verb{"prune", "Remove volumes that no container uses", verb_volume_prune, volume_prune_manual},
    Verb{"rm", "Remove volumes", verb_rm, rm_manual},
    Verb{"list", "", verb_ls, ls_manual},
    Verb{"remove", "", verb_rm, rm_manual},
};

}  // namespace

std::span<const Verb> volume_verbs() { return kVerbs; }

}  // namespace caisson::cli
