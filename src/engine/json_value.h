// A JSON document of caisson's own, read: records are read by the thousand (`ps`), and RapidJSON reads them in a tenth
// of the time.
#pragma once

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

#include "base/result.h"

namespace caisson::engine {

/// Thrown where a document is not what was written: the reader of a whole file makes an Error of it.
struct JsonMismatch {
  std::string text;  ///< "key 'created' is missing"
};

class JsonValue {
 public:
  explicit JsonValue(const rapidjson::Value& value) : value_(&value) {}

  bool is_null() const { return value_->IsNull(); }

  /// The member of that name. Throws JsonMismatch if there is none.
  JsonValue at(const char* key) const {
    const JsonValue found = find(key);
    if (found.value_ == &kNull) throw JsonMismatch{std::string("key '") + key + "' is missing"};
    return found;
  }

  /// The same; null if there is none.
  JsonValue find(const char* key) const {
    if (!value_->IsObject()) throw JsonMismatch{std::string("no object has key '") + key + "'"};
    const auto member = value_->FindMember(key);
    return member == value_->MemberEnd() ? JsonValue(kNull) : JsonValue(member->value);
  }

  /// A bool, a string, a number that fits, or a list or map of them. Throws JsonMismatch if it is another.
  template <class T>
  T get() const;

  template <class T>
  T value(const char* key, T otherwise) const {
    const JsonValue found = find(key);
    return found.is_null() ? std::move(otherwise) : found.get<T>();
  }

  /// The elements of a list; null has none.
  std::vector<JsonValue> elements() const {
    std::vector<JsonValue> list;
    if (is_null()) return list;
    if (!value_->IsArray()) throw JsonMismatch{"a list is missing"};
    list.reserve(value_->Size());
    for (const rapidjson::Value& element : value_->GetArray()) list.emplace_back(element);
    return list;
  }

 private:
  static const rapidjson::Value kNull;

  const rapidjson::Value* value_;
};

inline const rapidjson::Value JsonValue::kNull{};

template <class T>
T JsonValue::get() const {
  if constexpr (std::same_as<T, bool>) {
    if (value_->IsBool()) return value_->GetBool();
  } else if constexpr (std::integral<T>) {
    if (value_->IsInt64() && std::in_range<T>(value_->GetInt64())) return static_cast<T>(value_->GetInt64());
    if (value_->IsUint64() && std::in_range<T>(value_->GetUint64())) return static_cast<T>(value_->GetUint64());
  } else if constexpr (std::same_as<T, std::string>) {
    if (value_->IsString()) return {value_->GetString(), value_->GetStringLength()};
  } else if constexpr (std::same_as<T, std::vector<std::string>>) {
    T list;
    for (const JsonValue& element : elements()) list.push_back(element.get<std::string>());
    return list;
  } else {
    static_assert(std::same_as<T, std::map<std::string, std::string>>);
    T map;
    if (!value_->IsObject()) throw JsonMismatch{"an object is missing"};
    for (const auto& member : value_->GetObject())
      map.emplace(std::string(member.name.GetString(), member.name.GetStringLength()),
                  JsonValue(member.value).get<std::string>());
    return map;
  }
  throw JsonMismatch{"a value is of another type"};
}

/// Reads one of our own files, of a version up to `newest`, by `read_fields`. One that does not read is a damaged one,
/// never a reason to end by an exception. Errors: no JSON object, a newer version, a field that is missing or another.
template <class T, class Read>
Result<T> read_own(const std::string& text, int newest, Read read_fields) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError() || !document.IsObject()) return fail(complaint("not a JSON object"));
  try {
    const JsonValue json(document);
    if (json.at("version").template get<int>() > newest) return fail(complaint("written by a newer caisson"));
    return read_fields(json);
  } catch (const JsonMismatch& mismatch) {
    return fail(complaint(mismatch.text));
  }
}

}  // namespace caisson::engine
