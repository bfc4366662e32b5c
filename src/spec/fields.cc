#include "spec/fields.h"

#include <algorithm>

#include "base/text.h"

namespace caisson::spec {

namespace {

bool asks_for_nothing(const Json& value) {
  return value.IsNull() || (value.IsArray() && value.Empty()) || (value.IsObject() && value.ObjectEmpty()) ||
         (value.IsString() && value.GetStringLength() == 0);
}

}  // namespace

std::string Place::pointer() const {
  if (above_ == nullptr) return std::string(key_);
  return index_ ? below(above_->pointer(), *index_) : below(above_->pointer(), key_);
}

Fields::Fields(const Json& value, const Place& place, Findings& findings)
    : object_(value), place_(place), findings_(findings), is_object_(value.IsObject()) {
  if (!is_object_) note(place_, "wrong type: an object is expected");
}

// Of a key that is there more than once the last one counts, as other runtimes have it.
const Json* Fields::find(std::string_view key) {
  asked_.push_back(key);
  if (!is_object_) return nullptr;
  for (auto member = object_.MemberEnd(); member != object_.MemberBegin();) {
    --member;
    if (text_of(member->name) == key) return member->value.IsNull() ? nullptr : &member->value;
  }
  return nullptr;
}

void Fields::unsupported(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr || asks_for_nothing(*value)) return;
  error(key, "not supported by this version of caisson");
}

void Fields::finish() {
  std::vector<std::string_view> known = asked_;  // a map's names are among them: there may be many
  std::ranges::sort(known);
  for (const auto& member : object_.GetObject()) {
    const std::string_view key = text_of(member.name);
    if (std::ranges::binary_search(known, key)) continue;
    const std::optional<std::string_view> meant = nearest(key, asked_);
    warn(Place(place_, key), meant ? fmt::format("unknown key: did you mean '{}'?", *meant) : "unknown key");
  }
}

void Fields::take(const Json& value, const Place& place, bool& target) {
  if (!value.IsBool()) return note(place, "wrong type: true or false is expected");
  target = value.GetBool();
}

void Fields::take(const Json& value, const Place& place, std::string& target) {
  if (!value.IsString()) return note(place, "wrong type: a string is expected");
  const std::string_view text = text_of(value);
  if (text.find('\0') != std::string_view::npos) return note(place, "a NUL byte cannot be in it");
  target = text;
}

void Fields::take(const Json& value, const Place& place, std::map<std::string, std::string>& target) {
  if (!value.IsObject()) return note(place, "wrong type: an object is expected");
  for (const auto& member : value.GetObject()) {
    const std::string_view key = text_of(member.name);
    if (key.find('\0') != std::string_view::npos) {
      note(place, "a NUL byte cannot be in a key");
      continue;
    }
    take(member.value, Place(place, key), target[std::string(key)]);
  }
}

}  // namespace caisson::spec
