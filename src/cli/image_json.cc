#include "cli/image_json.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/container_json.h"
#include "image/digest_name.h"
#include "image/reference.h"
#include "keeper/log_entry.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShortCommand = 45;
constexpr const char* kNone = "<none>";

std::string since(std::int64_t created_ns) {
  return created_ns == 0 ? "N/A" : human_duration(now_nanoseconds() - created_ns) + " ago";
}

std::string at(std::int64_t created_ns) { return created_ns == 0 ? "N/A" : rfc3339(created_ns); }

struct Name {
  std::string repository = kNone;
  std::string tag = kNone;
};

Name name_of(const std::string& text) {
  const Result<image::Reference> reference = image::parse_reference(text);
  if (!reference) return {.repository = text, .tag = kNone};  // as another tool has written it
  image::Reference name = *reference;
  name.tag.clear();
  name.digest.clear();
  return {.repository = name.familiar(), .tag = reference->tag.empty() ? kNone : reference->tag};
}

Json or_null(const std::vector<std::string>& words) { return words.empty() ? Json() : Json(words); }

// {"80/tcp": {}}: a set, as Go writes it.
Json set_of(const std::vector<std::string>& words) {
  Json set = Json::object();
  for (const std::string& word : words) set[word] = Json::object();
  return set;
}

Json config_object(const image::ContainerDefaults& config) {
  return {{"User", config.user},
          {"ExposedPorts", set_of(config.exposed_ports)},
          {"Env", config.environment},
          {"Entrypoint", or_null(config.entrypoint)},
          {"Cmd", or_null(config.command)},
          {"Healthcheck", healthcheck_object(config.healthcheck)},
          {"Volumes", set_of(config.volumes)},
          {"WorkingDir", config.working_directory},
          {"OnBuild", or_null(config.on_build)},
          {"Labels", config.labels},
          {"StopSignal", config.stop_signal},
          {"Shell", or_null(config.shell)}};
}

}  // namespace

Json healthcheck_object(const std::optional<image::Healthcheck>& check) {
  if (!check) return nullptr;
  return {{"Test", check->test},
          {"Interval", check->interval_ns},
          {"Timeout", check->timeout_ns},
          {"StartPeriod", check->start_period_ns},
          {"StartInterval", check->start_interval_ns},
          {"Retries", check->retries}};
}

std::string decimal_bytes(std::int64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.3g}{}", value, kUnits[unit]);
}

std::vector<std::string> familiar_names(const engine::ListedImage& listed) {
  std::vector<std::string> names;
  for (const std::string& text : listed.image.names) {
    const Result<image::Reference> reference = image::parse_reference(text);
    names.push_back(reference ? reference->familiar() : text);
  }
  return names;
}

std::vector<Json> image_rows(const engine::ListedImage& listed, bool whole) {
  std::vector<Name> names;
  for (const std::string& name : listed.image.names) names.push_back(name_of(name));
  if (names.empty()) names.emplace_back();
  std::vector<Json> rows;
  for (const Name& name : names) {
    rows.push_back({{"ID", whole ? listed.image.id() : image::short_digest(listed.image.id())},
                    {"Repository", name.repository},
                    {"Tag", name.tag},
                    {"Digest", listed.image.target.digest},
                    {"CreatedSince", since(listed.created_ns)},
                    {"CreatedAt", at(listed.created_ns)},
                    {"Size", decimal_bytes(listed.shown_bytes())}});
  }
  return rows;
}

// Each entry that is not empty has the next layer; the image's id is that of the newest alone.
std::vector<Json> history_rows(const engine::ListedImage& listed, bool whole, bool human) {
  std::vector<Json> rows;
  std::size_t layer = 0;
  for (const image::HistoryEntry& entry : listed.config.history) {
    std::int64_t bytes = 0;
    if (!entry.empty_layer && layer < listed.image.manifest.layers.size())
      bytes = listed.image.manifest.layers[layer++].size;
    const std::int64_t created_ns = keeper::parse_moment(entry.created).value_or(0);
    std::string command = entry.created_by;
    if (!whole && command.size() > kShortCommand) command = command.substr(0, kShortCommand - 1) + "…";
    rows.push_back({{"ID", "<missing>"},
                    {"CreatedSince", human ? since(created_ns) : at(created_ns)},
                    {"CreatedAt", at(created_ns)},
                    {"CreatedBy", command},
                    {"Size", human ? decimal_bytes(bytes) : std::to_string(bytes)},
                    {"Comment", entry.comment}});
  }
  std::ranges::reverse(rows);
  if (!rows.empty()) rows.front()["ID"] = whole ? listed.image.id() : image::short_digest(listed.image.id());
  return rows;
}

Json image_object(const engine::ListedImage& listed) {
  const image::StoredImage& image = listed.image;
  Json digests = Json::array();
  for (const std::string& text : image.names) {
    if (image::parse_reference(text)) digests.push_back(name_of(text).repository + "@" + image.target.digest);
  }
  return {{"Id", image.id()},
          {"RepoTags", familiar_names(listed)},
          {"RepoDigests", digests},
          {"Digest", image.manifest_descriptor.digest},
          {"Comment", listed.config.history.empty() ? "" : listed.config.history.back().comment},
          {"Created", listed.config.created},
          {"Author", listed.config.author},
          {"Config", config_object(listed.config.defaults)},
          {"Architecture", listed.config.platform.architecture},
          {"Variant", listed.config.platform.variant},
          {"Os", listed.config.platform.os},
          {"Size", listed.shown_bytes()},
          {"RootFS", {{"Type", "layers"}, {"Layers", listed.config.diff_ids}}}};
}

}  // namespace caisson::cli
