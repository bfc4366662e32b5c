#include "engine/volume_record.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kLongestName = 255;  // of a file (limits.h, NAME_MAX)

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_volume_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && is_alphanumeric(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

std::string anonymous_volume_name(const std::string& container_id, std::size_t number) {
  constexpr std::size_t kOfContainer = 60;
  return fmt::format("{}{:04x}", container_id.substr(0, kOfContainer), number);
}

Result<> check_volume_options(const std::map<std::string, std::string>& options) {
  for (const auto& [key, value] : options) {
    if (key != "type" && key != "device" && key != "o")
      return fail(complaint(fmt::format("'{}' is no option of a volume: type, device and o are", key)));
  }
  if (options.empty()) return {};
  for (const char* key : {"type", "device"}) {
    const auto found = options.find(key);
    if (found == options.end() || found->second.empty())
      return fail(complaint(fmt::format("a volume with options needs '{}'", key),
                            "for a directory of the host: -o type=none -o o=bind -o device=DIR"));
  }
  return {};
}

std::string to_json(const VolumeRecord& record) {
  const Json json = {{"version", kVersion},     {"name", record.name},       {"created", record.created_ns},
                     {"labels", record.labels}, {"options", record.options}, {"anonymous", record.anonymous}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<VolumeRecord> read_volume_record(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(complaint("not a JSON object"));
  try {
    if (json.at("version").get<int>() > kVersion) return fail(complaint("written by a newer caisson"));
    return VolumeRecord{.name = json.at("name").get<std::string>(),
                        .created_ns = json.at("created").get<std::int64_t>(),
                        .labels = json.at("labels").get<std::map<std::string, std::string>>(),
                        .options = json.at("options").get<std::map<std::string, std::string>>(),
                        .anonymous = json.at("anonymous").get<bool>()};
  } catch (const Json::exception& exception) {
    return fail(complaint(exception.what()));
  }
}

}  // namespace caisson::engine
