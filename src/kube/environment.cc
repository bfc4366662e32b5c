#include "kube/environment.h"

#include <algorithm>

#include <fmt/format.h>

#include "kube/fields.h"
#include "kube/quantity.h"

namespace caisson::kube {

namespace {

const std::string* value_of(const Environment& environment, std::string_view name) {
  for (auto each = environment.rbegin(); each != environment.rend(); ++each) {
    if (each->first == name) return &each->second;
  }
  return nullptr;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

void set(Environment& environment, std::string name, std::string value) {
  std::erase_if(environment, [&](const auto& each) { return each.first == name; });
  environment.emplace_back(std::move(name), std::move(value));
}

// "metadata.labels['tier']": the key; nothing for another field.
std::optional<std::string> key_in(std::string_view field, std::string_view map) {
  if (!field.starts_with(map)) return std::nullopt;
  field.remove_prefix(map.size());
  if (!field.starts_with("['") || !field.ends_with("']") || field.size() < 5) return std::nullopt;
  return std::string(field.substr(2, field.size() - 4));
}

std::string found_in(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

Result<std::string> field_value(const Pod& pod, const EnvVar& variable, const PodFacts& facts) {
  const Metadata& metadata = pod.metadata;
  const std::string& field = variable.field;
  if (field == "metadata.name") return metadata.name;
  if (field == "metadata.namespace") return metadata.space.empty() ? "default" : metadata.space;
  if (field == "metadata.uid") return facts.uid;
  if (field == "spec.nodeName") return facts.node_name;
  if (const auto key = key_in(field, "metadata.labels")) return found_in(metadata.labels, *key);
  if (const auto key = key_in(field, "metadata.annotations")) return found_in(metadata.annotations, *key);
  return fail(at(pod, variable.line, variable.path + ".valueFrom.fieldRef.fieldPath",
                 fmt::format("'{}' is not supported: metadata.name, .namespace, .uid, .labels['KEY'], "
                             ".annotations['KEY'] and spec.nodeName are",
                             field.substr(0, 80))));
}

Result<std::string> resource_value(const Pod& pod, const Container& container, const EnvVar& variable,
                                   const PodFacts& facts) {
  const Container* of = &container;
  if (!variable.container.empty()) {
    of = nullptr;
    for (const auto* list : {&pod.spec.containers, &pod.spec.init_containers}) {
      for (const Container& each : *list) {
        if (each.name == variable.container) of = &each;
      }
    }
  }
  const std::string path = variable.path + ".valueFrom.resourceFieldRef";
  if (of == nullptr) return fail(at(pod, variable.line, path + ".containerName", "there is no such container"));
  const Resources& resources = of->resources;
  const std::int64_t divisor = variable.divisor_thousandths == 0 ? 1000 : variable.divisor_thousandths;
  const std::int64_t processors = facts.processors * 1000;
  const std::int64_t memory = facts.memory_bytes > INT64_MAX / 1000 ? INT64_MAX : facts.memory_bytes * 1000;
  if (variable.field == "limits.cpu") return in_units(resources.cpu_limit.value_or(processors), divisor);
  if (variable.field == "limits.memory") return in_units(resources.memory_limit.value_or(memory), divisor);
  if (variable.field == "requests.cpu")
    return in_units(resources.cpu_request.value_or(resources.cpu_limit.value_or(0)), divisor);
  if (variable.field == "requests.memory")
    return in_units(resources.memory_request.value_or(resources.memory_limit.value_or(0)), divisor);
  return fail(at(pod, variable.line, path + ".resource",
                 fmt::format("'{}' is not supported: limits.cpu, limits.memory, requests.cpu and requests.memory are",
                             variable.field.substr(0, 80))));
}

// Nothing for an optional one that is not there.
Result<std::optional<std::string>> value(const Pod& pod, const Container& container, const EnvVar& variable,
                                         const Objects& objects, const PodFacts& facts,
                                         const Environment& environment) {
  switch (variable.from) {
    case EnvVar::From::kValue: return expand(variable.value, environment);
    case EnvVar::From::kField: return TRY(field_value(pod, variable, facts));
    case EnvVar::From::kResource: return TRY(resource_value(pod, container, variable, facts));
    case EnvVar::From::kConfigMap:
    case EnvVar::From::kSecret: break;
  }
  const bool is_secret = variable.from == EnvVar::From::kSecret;
  const auto& known = is_secret ? objects.secrets : objects.config_maps;
  const auto object = known.find(variable.reference.name);
  const auto key =
      object == known.end() ? decltype(object->second.find("")){} : object->second.find(variable.reference.key);
  if (object != known.end() && key != object->second.end()) return key->second;
  if (variable.reference.optional) return std::nullopt;
  const std::string path = variable.path + (is_secret ? ".valueFrom.secretKeyRef" : ".valueFrom.configMapKeyRef");
  if (object == known.end())
    return fail(at(pod, variable.line, path,
                   fmt::format("there is no {} {}", is_secret ? "Secret" : "ConfigMap", variable.reference.name)));
  return fail(
      at(pod, variable.line, path, fmt::format("{} has no key {}", variable.reference.name, variable.reference.key)));
}

}  // namespace

Error at(const Pod& pod, std::size_t line, const std::string& path, const std::string& what) {
  return complaint(one_line(fmt::format("{}: line {}: {}: {}", pod.where, line, path, what)));
}

std::string expand(std::string_view text, const Environment& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[i + 1];
    if (next == '$') {
      out += '$';
      ++i;
      continue;
    }
    const std::size_t end = next == '(' ? text.find(')', i + 2) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += '$';
      continue;
    }
    const std::string* known = value_of(environment, text.substr(i + 2, end - i - 2));
    out += known != nullptr ? std::string_view(*known) : text.substr(i, end - i + 1);
    i = end;
  }
  return out;
}

Result<Environment> environment_of(const Pod& pod, const Container& container, const Objects& objects,
                                   const PodFacts& facts) {
  Environment environment;
  for (const EnvFrom& from : container.env_from) {
    const auto& known = from.is_secret ? objects.secrets : objects.config_maps;
    const auto object = known.find(from.name);
    if (object == known.end()) {
      if (from.optional) continue;
      return fail(at(pod, from.line, from.path,
                     fmt::format("there is no {} {}", from.is_secret ? "Secret" : "ConfigMap", from.name)));
    }
    for (const auto& [name, text] : object->second) {
      if (is_variable_name(from.prefix + name)) set(environment, from.prefix + name, text);
    }
  }
  for (const EnvVar& variable : container.env) {
    const auto found = TRY(value(pod, container, variable, objects, facts, environment));
    if (!found) continue;
    if (found->find('\0') != std::string::npos)
      return fail(at(pod, variable.line, variable.path, "its value has a byte 0 in it"));
    set(environment, variable.name, *found);
  }
  return environment;
}

}  // namespace caisson::kube
