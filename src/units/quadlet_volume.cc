#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "units/quadlet_file.h"

namespace caisson::units {

namespace {

constexpr std::array<std::string_view, 12> kVolumeKeys = {"VolumeName", "Driver", "Device",     "Type",
                                                          "Options",    "Label",  "PodmanArgs", "GlobalArgs",
                                                          "Copy",       "User",   "Group",      "ServiceName"};

Result<> check_volume_keys(const Quadlet& quadlet) {
  const Group* const group = quadlet.group("Volume");
  if (group == nullptr) return {};
  for (const Line& line : group->lines) {
    if (line.key() == "Image" || line.key() == "ContainersConfModule")
      return fail(line.wrong("this key is not there yet"));
    if (std::ranges::find(kVolumeKeys, line.key()) != kVolumeKeys.end()) continue;
    const auto near = nearest(line.key(), {kVolumeKeys.begin(), kVolumeKeys.end()});
    return fail(line.wrong("there is no such key", near ? fmt::format("did you mean {}=?", *near) : ""));
  }
  return {};
}

}  // namespace

std::string name_of_volume(const Quadlet& quadlet, const FileName& name) {
  const Line* const given = quadlet.last("Volume", "VolumeName");
  return given == nullptr ? "systemd-" + name.stem : given->value();
}

Result<GeneratedUnit> generate_volume(const Quadlet& quadlet, const FileName& name,
                                      const std::vector<QuadletText>& files, const QuadletContext& context) {
  TRY(quadlet.check_sections("Volume"));
  TRY(check_volume_keys(quadlet));
  std::vector<std::string> words = {context.program};
  for (std::string& word : TRY(all_words(quadlet, "Volume", "GlobalArgs"))) words.push_back(std::move(word));
  words.insert(words.end(), {"volume", "create"});
  if (const Line* driver = quadlet.last("Volume", "Driver")) words.push_back("--driver=" + driver->value());
  std::vector<std::string> mount_options;
  for (const auto& [key, option] : {std::pair("User", "uid"), std::pair("Group", "gid")}) {
    if (const Line* line = quadlet.last("Volume", key))
      mount_options.push_back(fmt::format("{}={}", option, line->value()));
  }
  if (const Line* device = quadlet.last("Volume", "Device"))
    words.insert(words.end(), {"--opt", "device=" + beside(*device, device->value())});
  if (const Line* type = quadlet.last("Volume", "Type")) words.insert(words.end(), {"--opt", "type=" + type->value()});
  if (const Line* options = quadlet.last("Volume", "Options")) {
    if (quadlet.last("Volume", "Device") == nullptr) return fail(options->wrong("it needs Device= as well"));
    mount_options.push_back(options->value());
  }
  if (!mount_options.empty()) words.insert(words.end(), {"--opt", "o=" + join(mount_options, ",")});
  if (const Line* copy = quadlet.last("Volume", "Copy"); copy != nullptr && !TRY(read_flag(*copy)))
    return fail(copy->wrong("a new volume always begins with what the image has there"));
  for (const Line* line : quadlet.all("Volume", "Label")) {
    for (const std::string& word : TRY(read_words(*line))) words.insert(words.end(), {"--label", word});
  }
  for (std::string& word : TRY(all_words(quadlet, "Volume", "PodmanArgs"))) words.push_back(std::move(word));
  words.push_back(name_of_volume(quadlet, name));

  Draft draft(quadlet, "Volume", files.front().path);
  draft.add("Unit", "RequiresMountsFor", "%t");
  draft.add("Service", "Type", "oneshot");
  draft.add("Service", "RemainAfterExit", "yes");
  draft.add("Service", "SyslogIdentifier", "%N");
  draft.add("Service", "ExecStart", quoted_words(words));
  const FileName unit{name.stem + "-volume", name.suffix};
  return GeneratedUnit{unit.stem + ".service", draft.text(), TRY(links_of(quadlet, unit))};
}

}  // namespace caisson::units
