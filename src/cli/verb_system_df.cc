// system df: what takes how much of the disk.
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/container_json.h"
#include "cli/image_json.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/disk_usage.h"

namespace caisson::cli {

namespace {

using Row = nlohmann::ordered_json;
using Line = std::vector<std::string>;

struct DfOptions {
  bool verbose = false;
  std::string format;
};

const Option<DfOptions> kOptions[] = {
    {{"verbose", 'v', {}, {}, "Each image, container and volume"},
     [](DfOptions& options, const Use& use) -> Result<> { return options.verbose = use.value == "true", Result<>(); }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Type}} {{.Size}}'), or 'table TEMPLATE'"},
     [](DfOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

ListedRow summary_row(const char* type, const engine::DiskShare& share) {
  const std::int64_t percent = share.bytes == 0 ? 0 : share.reclaimable_bytes * 100 / share.bytes;
  return {Row{{"Type", type},
              {"TotalCount", std::to_string(share.total)},
              {"Active", std::to_string(share.active)},
              {"Size", decimal_bytes(share.bytes)},
              {"Reclaimable", fmt::format("{} ({}%)", decimal_bytes(share.reclaimable_bytes), percent)}}};
}

std::vector<ListedRow> summary(const engine::DiskUsage& usage) {
  return {summary_row("Images", usage.images), summary_row("Tarballs", usage.tarballs),
          summary_row("Containers", usage.containers), summary_row("Local Volumes", usage.volumes)};
}

const Columns kColumns = {.table = {"Type", "TotalCount", "Active", "Size", "Reclaimable"},
                          .headings = {{"TotalCount", "TOTAL"}}};

std::string details(const engine::DiskUsage& usage) {
  std::vector<Line> images = {
      {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"}};
  for (const engine::ImageUsage& one : usage.each_image) {
    for (const Row& row : image_rows(one.image, false)) {
      Line& line = images.emplace_back();
      for (const char* field : {"Repository", "Tag", "ID", "CreatedSince", "Size"})
        line.push_back(row[field].get<std::string>());
      line.insert(line.end(), {decimal_bytes(one.shared_bytes), decimal_bytes(one.bytes - one.shared_bytes),
                               std::to_string(one.containers)});
    }
  }
  std::vector<Line> containers = {{"CONTAINER ID", "IMAGE", "COMMAND", "SIZE", "CREATED", "STATUS", "NAMES"}};
  for (const engine::ContainerUsage& one : usage.each_container) {
    const Row row = ps_row(one.container, false);
    const auto text = [&](const char* field) { return row[field].get<std::string>(); };
    containers.push_back({text("ID"), text("Image"), text("Command"), decimal_bytes(one.bytes), text("RunningFor"),
                          text("Status"), text("Names")});
  }
  std::vector<Line> volumes = {{"VOLUME NAME", "LINKS", "SIZE"}};
  for (const engine::VolumeUsage& one : usage.each_volume)
    volumes.push_back({one.volume.record.name, std::to_string(one.containers), decimal_bytes(one.bytes)});
  return "Images space usage:\n\n" + align(images) + "\nContainers space usage:\n\n" + align(containers) +
         "\nLocal Volumes space usage:\n\n" + align(volumes);
}

}  // namespace

Manual system_df_manual() {
  return {"[-v] [--format FORMAT]",
          "Shows what images, root filesystems of tarballs, and containers take on the disk, and what of "
          "it could be had back: by `system prune -a`.",
          spellings(kOptions)};
}

int verb_system_df(const Command& command) {
  DfOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: df takes options alone", parsed->operands[0])));
  if (options.verbose && !options.format.empty())
    return refuse(command, complaint("-v has columns of its own: it does not go with --format"));
  const Result<Format> format = Format::read(options.format);
  if (!format) return refuse(command, format.error());
  const Result<engine::DiskUsage> usage = engine::disk_usage(command.places);
  if (!usage) return refuse(command, usage.error());
  for (const std::string& problem : usage->problems) command.log.warning(problem);
  const Result<std::string> text =
      options.verbose ? Result<std::string>(details(*usage)) : format->rows(summary(*usage), kColumns);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
