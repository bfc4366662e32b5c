#include "spec/fields.h"

#include <algorithm>

#include "base/text.h"

namespace caisson::spec {

Fields::Fields(const Json& value, std::string pointer, Findings& findings)
    : object_(value), pointer_(std::move(pointer)), findings_(findings), is_object_(value.is_object()) {
  if (!is_object_) note(pointer_, "wrong type: an object is expected");
}

const Json* Fields::find(std::string_view key) {
  asked_.push_back(key);
  if (!is_object_) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::unsupported(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr || value->empty() || *value == "") return;  // empty() of a string is false
  error(key, "not supported by this version of caisson");
}

void Fields::finish() {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::optional<std::string_view> meant = nearest(key, asked_);
    warn(below(pointer_, key), meant ? fmt::format("unknown key: did you mean '{}'?", *meant) : "unknown key");
  }
}

void Fields::take(const Json& value, const std::string& pointer, bool& target) {
  if (!value.is_boolean()) return note(pointer, "wrong type: true or false is expected");
  target = value.get<bool>();
}

void Fields::take(const Json& value, const std::string& pointer, std::string& target) {
  if (!value.is_string()) return note(pointer, "wrong type: a string is expected");
  const std::string& text = value.get_ref<const std::string&>();
  if (text.find('\0') != std::string::npos) return note(pointer, "a NUL byte cannot be in it");
  target = text;
}

void Fields::take(const Json& value, const std::string& pointer, std::map<std::string, std::string>& target) {
  if (!value.is_object()) return note(pointer, "wrong type: an object is expected");
  for (const auto& [key, element] : value.items()) {
    if (key.find('\0') != std::string::npos) {
      note(pointer, "a NUL byte cannot be in a key");
      continue;
    }
    take(element, below(pointer, key), target[key]);
  }
}

}  // namespace caisson::spec
