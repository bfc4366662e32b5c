#include "image/image_config.h"

#include <variant>

#include <fmt/format.h>

#include "image/descriptor_json.h"
#include "image/digest_name.h"
#include "image/limits.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

using spec::Fields;

constexpr std::string_view kWords = "image config";

void read_healthcheck(Fields& fields, Healthcheck& check) {
  fields.read("Test", check.test);
  fields.read("Interval", check.interval_ns);
  fields.read("Timeout", check.timeout_ns);
  fields.read("StartPeriod", check.start_period_ns);
  fields.read("StartInterval", check.start_interval_ns);
  fields.read("Retries", check.retries);
}

// A set is an object whose members are empty objects, as Go has no sets.
void read_set(Fields& fields, std::string_view key, std::vector<std::string>& target) {
  std::map<std::string, std::monostate> members;
  fields.map(key, members, [](Fields&, std::monostate&) {});
  for (const auto& [name, nothing] : members) {
    if (name.find('\0') != std::string::npos) fields.error(key, "a NUL byte cannot be in a key");
    target.push_back(name);
  }
}

void read_defaults(Fields& fields, ContainerDefaults& defaults) {
  fields.read("User", defaults.user);
  fields.read("Env", defaults.environment);
  fields.read("Entrypoint", defaults.entrypoint);
  fields.read("Cmd", defaults.command);
  fields.read("WorkingDir", defaults.working_directory);
  read_set(fields, "Volumes", defaults.volumes);
  read_set(fields, "ExposedPorts", defaults.exposed_ports);
  fields.read("Labels", defaults.labels);
  fields.read("StopSignal", defaults.stop_signal);
  fields.object("Healthcheck", [&](Fields& members) { read_healthcheck(members, defaults.healthcheck.emplace()); });
  fields.read("Shell", defaults.shell);
  fields.read("OnBuild", defaults.on_build);
}

void read_history(Fields& fields, HistoryEntry& entry) {
  fields.read("created", entry.created);
  fields.read("created_by", entry.created_by);
  fields.read("author", entry.author);
  fields.read("comment", entry.comment);
  fields.read("empty_layer", entry.empty_layer);
}

Result<> check_type(const std::string& type) {
  if (type == "layers") return {};
  return fail(complaint(fmt::format("{} is not known: \"layers\" is", quoted_name(type))));
}

void read_root_filesystem(Fields& fields, std::vector<std::string>& diff_ids, spec::Findings& findings) {
  std::string type;
  require_checked(fields, "type", type, check_type);
  fields.read("diff_ids", diff_ids);
  const spec::Place list(fields.place(), "diff_ids");
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    if (const Result<> checked = check_digest(diff_ids[i]); !checked) {
      findings.errors.push_back({spec::Place(list, i).pointer(), checked.error().operand});
    }
  }
}

// Members that say nothing are left out.
template <class T>
void put(Json& object, const char* key, const T& value) {
  if (value != T()) object[key] = value;
}

void put_set(Json& object, const char* key, const std::vector<std::string>& names) {
  for (const std::string& name : names) object[key][name] = Json::object();
}

Json healthcheck_json(const Healthcheck& check) {
  Json json = Json::object();
  put(json, "Test", check.test);
  put(json, "Interval", check.interval_ns);
  put(json, "Timeout", check.timeout_ns);
  put(json, "StartPeriod", check.start_period_ns);
  put(json, "StartInterval", check.start_interval_ns);
  put(json, "Retries", check.retries);
  return json;
}

Json defaults_json(const ContainerDefaults& defaults) {
  Json json = Json::object();
  put(json, "User", defaults.user);
  put(json, "Env", defaults.environment);
  put(json, "Entrypoint", defaults.entrypoint);
  put(json, "Cmd", defaults.command);
  put(json, "WorkingDir", defaults.working_directory);
  put_set(json, "Volumes", defaults.volumes);
  put_set(json, "ExposedPorts", defaults.exposed_ports);
  put(json, "Labels", defaults.labels);
  put(json, "StopSignal", defaults.stop_signal);
  if (defaults.healthcheck) json["Healthcheck"] = healthcheck_json(*defaults.healthcheck);
  put(json, "Shell", defaults.shell);
  put(json, "OnBuild", defaults.on_build);
  return json;
}

Json history_json(const HistoryEntry& entry) {
  Json json = Json::object();
  put(json, "created", entry.created);
  put(json, "created_by", entry.created_by);
  put(json, "author", entry.author);
  put(json, "comment", entry.comment);
  put(json, "empty_layer", entry.empty_layer);
  return json;
}

}  // namespace

Result<ImageConfig> read_image_config(std::string_view text) {
  const spec::Document document = TRY(parse_document(text, kWords, kConfigBytes));
  spec::Findings findings;
  Fields fields(document, spec::Place(""), findings);
  ImageConfig config;
  read_platform(fields, config.platform);
  fields.read("created", config.created);
  fields.read("author", config.author);
  fields.object("config", [&](Fields& members) { read_defaults(members, config.defaults); });
  bool has_layers = false;
  fields.object("rootfs", [&](Fields& members) {
    has_layers = true;
    read_root_filesystem(members, config.diff_ids, findings);
  });
  if (!has_layers && findings.errors.empty()) fields.error("rootfs", "missing");
  fields.list("history", config.history, read_history);
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, kWords));
  return config;
}

std::string write_image_config(const ImageConfig& config) {
  Json json = Json::object();
  write_platform(config.platform, json);
  put(json, "created", config.created);
  put(json, "author", config.author);
  json["config"] = defaults_json(config.defaults);
  json["rootfs"] = {{"type", "layers"}, {"diff_ids", config.diff_ids}};
  for (const HistoryEntry& entry : config.history) json["history"].push_back(history_json(entry));
  return document_text(json);
}

Result<> check_layers(const Manifest& manifest, const ImageConfig& config) {
  if (manifest.layers.size() == config.diff_ids.size()) return {};
  return fail(complaint(fmt::format("its manifest has {} layers, but its config has {}", manifest.layers.size(),
                                    config.diff_ids.size())));
}

}  // namespace caisson::image
