// info, which is `system info`.
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/images.h"
#include "image/host_platform.h"
#include "inspect/host_summary.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

struct InfoOptions {
  std::string format;
};

const Option<InfoOptions> kOptions[] = {
    {{"format", 'f', "FORMAT", {}, "json, or a template: '{{.CgroupVersion}}'"},
     [](InfoOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

struct Counts {
  std::size_t all = 0;
  std::size_t running = 0;
  std::size_t paused = 0;
  std::size_t stopped = 0;
};

Result<Counts> count_containers(const Command& command) {
  const engine::Listing listing = TRY(engine::list_containers(command.places));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  Counts counts{.all = listing.containers.size()};
  for (const engine::Container& container : listing.containers) {
    const std::string_view state = engine::status_word(container);
    ++(state == "running" ? counts.running : state == "paused" ? counts.paused : counts.stopped);
  }
  return counts;
}

// docker's names where docker has them.
Result<Json> info_object(const Command& command) {
  const Counts containers = TRY(count_containers(command));
  const engine::ImageListing images = TRY(engine::list_images(command.places));
  const inspect::HostSummary host = inspect::summarize_host();
  const image::Platform platform = image::host_platform();
  return Json{{"ServerVersion", CAISSON_VERSION},
              {"Name", host.name},
              {"Containers", containers.all},
              {"ContainersRunning", containers.running},
              {"ContainersPaused", containers.paused},
              {"ContainersStopped", containers.stopped},
              {"Images", images.images.size()},
              {"Driver", "overlay"},
              {"LoggingDriver", "json-file"},
              {"CgroupDriver", "cgroupfs"},
              {"CgroupVersion", std::to_string(host.cgroup_version)},
              {"CgroupControllers", host.cgroup_controllers},
              {"SecurityOptions", host.security},
              {"Rootless", host.is_rootless},
              {"OperatingSystem", host.distribution},
              {"KernelVersion", host.kernel},
              {"OSType", platform.os},
              {"Architecture", host.machine},
              {"NCPU", host.processors},
              {"MemTotal", host.memory_bytes},
              {"MemFree", host.memory_free_bytes},
              {"UptimeSeconds", host.uptime_s},
              {"Root", command.places.root},
              {"RunRoot", command.places.runroot},
              {"Program", command.places.program},
              {"LibexecDir", command.places.libexec}};
}

std::string lines_of(const Json& info) {
  const auto text = [&](const char* field) {
    const Json& value = info.at(field);
    if (value.is_array()) return join(value.get<std::vector<std::string>>(), " ");
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  const auto bytes = [&](const char* field) { return human_bytes(info.at(field).get<std::uint64_t>()); };
  return fmt::format(
      "caisson:      {} ({})\n"
      "Containers:   {} ({} running, {} paused, {} stopped)\n"
      "Images:       {}\n"
      "Kept in:      {}, {}\n"
      "Root files:   {}\n"
      "Cgroups:      v{}, {}: {}\n"
      "Security:     {}\n"
      "Rootless:     {}\n"
      "Host:         {}, {}, Linux {} {}\n"
      "Processors:   {}\n"
      "Memory:       {}, {} of it free\n",
      text("ServerVersion"), text("Program"), text("Containers"), text("ContainersRunning"), text("ContainersPaused"),
      text("ContainersStopped"), text("Images"), text("Root"), text("RunRoot"), text("Driver"), text("CgroupVersion"),
      text("CgroupDriver"), text("CgroupControllers"), text("SecurityOptions"), text("Rootless"), text("Name"),
      text("OperatingSystem"), text("KernelVersion"), text("Architecture"), text("NCPU"), bytes("MemTotal"),
      bytes("MemFree"));
}

Result<std::string> info(const Command& command, const std::string& format) {
  const Format read = TRY(Format::read(format));
  const Json object = TRY(info_object(command));
  return format.empty() ? Result<std::string>(lines_of(object)) : read.object(object);
}

}  // namespace

Manual info_manual() {
  return {"[-f FORMAT]", "Shows what there is of containers and images, where, and on what host.", spellings(kOptions)};
}

int verb_info(const Command& command) {
  InfoOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: info takes options alone", parsed->operands[0])));
  engine::sweep(command.places, command.log);
  const Result<std::string> text = info(command, options.format);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
