// A value of a template: JSON that is looked at where it lies, or that a function has made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace caisson::templates {

class Value {
 public:
  using Json = nlohmann::ordered_json;

  /// Borrows: `json` has to stay.
  explicit Value(const Json* json) : json_(json) {}
  static Value made(Json json) {
    Value value(nullptr);
    value.owner_ = std::make_shared<const Json>(std::move(json));
    value.json_ = value.owner_.get();
    return value;
  }
  /// What a map has under a key that it has not.
  static Value missing() {
    Value value = made(nullptr);
    value.is_missing_ = true;
    return value;
  }

  const Json& json() const { return *json_; }
  bool is_missing() const { return is_missing_; }
  /// `part` of this value, which stays for as long as that does.
  Value part(const Json* part) const {
    Value value = *this;
    value.json_ = part;
    value.is_map_ = false;
    return value;
  }

  bool is_map() const { return is_map_; }  ///< a key that it has not is none that it ought to have
  Value as_map() const {
    Value value = *this;
    value.is_map_ = true;
    return value;
  }

 private:
  const Json* json_;
  std::shared_ptr<const Json> owner_;
  bool is_missing_ = false;
  bool is_map_ = false;
};

/// As Go's fmt prints it with %v: text as it is, [a b], map[k:v] with sorted keys, <nil>.
std::string go_text(const nlohmann::ordered_json& json);
std::string go_text(const Value& value);

/// "\"a\\n\"", as Go's strconv.Quote writes it.
std::string go_quoted(std::string_view text);

/// What `if` takes for true: not false, 0, "", nothing, an empty list or object.
bool is_true(const nlohmann::ordered_json& json);

/// "text", "a number", "a list", …: for messages.
std::string_view kind_word(const nlohmann::ordered_json& json);

/// <0, 0, >0, as of numbers or texts; nothing for what cannot be ordered.
std::optional<int> order(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b);

/// Whether they are equal; nothing for what cannot be compared (a number and a text, two lists).
std::optional<bool> equal(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b);

std::string compact_json(const nlohmann::ordered_json& json);

}  // namespace caisson::templates
