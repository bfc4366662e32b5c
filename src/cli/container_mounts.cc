#include "cli/container_mounts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

// "PREFIX/NAME/…" → "NAME".
std::string component_behind(const std::string& prefix, const std::string& path) {
  if (!path.starts_with(prefix)) return {};
  return std::string(cut(std::string_view(path).substr(prefix.size()), '/').head);
}

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Those of the standard ones that are file systems of their own (engine/compose_mounts.cc).
bool is_standard(std::string_view destination) {
  return destination == "/dev" || destination == "/dev/shm" || destination == "/dev/mqueue";
}

ShownMount read_mount(const Json& json) {
  ShownMount mount{
      .type = text_in(json, "type"), .source = text_in(json, "source"), .destination = text_in(json, "destination")};
  const auto options = json.find("options");
  if (options == json.end()) return mount;
  for (const Json& option : *options) {
    if (option.is_string()) mount.options.push_back(option.get<std::string>());
  }
  mount.is_writable = std::ranges::find(mount.options, "ro") == mount.options.end() &&
                      std::ranges::find(mount.options, "rro") == mount.options.end();
  return mount;
}

}  // namespace

std::string ShownMount::propagation() const {
  constexpr std::array kWords = {"private", "rprivate", "shared", "rshared", "slave", "rslave"};
  for (const std::string& option : options) {
    if (std::ranges::find(kWords, option) != kWords.end()) return option;
  }
  return {};
}

Result<Json> read_config_of(const engine::Places& places, const std::string& id) {
  const std::string path = places.container(id) + "/config.json";
  Json config = Json::parse(TRY(kernel::read_file(path)), nullptr, false);
  if (!config.is_object()) return fail(in(path, complaint("not a JSON object")));
  return config;
}

std::vector<ShownMount> mounts_of(const engine::Places& places, const std::string& id, const Json& config) {
  std::vector<ShownMount> shown;
  const auto mounts = config.find("mounts");
  if (mounts == config.end() || !mounts->is_array()) return shown;
  const std::string own = places.container(id) + "/";
  for (const Json& json : *mounts) {
    if (!json.is_object()) continue;
    ShownMount mount = read_mount(json);
    const bool is_tmpfs = mount.type == "tmpfs" && !is_standard(mount.destination);
    const bool is_bind = mount.type == "bind" || std::ranges::find(mount.options, "bind") != mount.options.end() ||
                         std::ranges::find(mount.options, "rbind") != mount.options.end();
    if (!is_tmpfs && !is_bind) continue;
    if (is_bind) {
      mount.type = "bind";
      const std::string own_volume = component_behind(own + "volumes/", mount.source);
      mount.name = own_volume.empty() ? component_behind(places.root + "/volumes/", mount.source) : own_volume;
      mount.is_own = !own_volume.empty();
      if (!mount.name.empty()) mount.type = "volume";
      if (mount.name.empty() && mount.source.starts_with(own)) continue;  // hosts, resolv.conf, hostname
    } else {
      mount.source.clear();
    }
    shown.push_back(std::move(mount));
  }
  return shown;
}

Json mount_object(const ShownMount& mount) {
  Json object = {{"Type", mount.type}};
  if (mount.type == "volume") object["Name"] = mount.name;
  object.update({{"Source", mount.source},
                 {"Destination", mount.destination},
                 {"Driver", mount.type == "volume" ? "local" : ""},
                 {"Mode", join(mount.options, ",")},
                 {"RW", mount.is_writable},
                 {"Propagation", mount.propagation()}});
  return object;
}

}  // namespace caisson::cli
