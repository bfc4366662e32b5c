// Reads a JSON object key by key: remembers where it is and which keys it was asked for, and notes every problem
// instead of stopping at the first. For readers of configurations.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "spec/problem.h"

namespace caisson::spec {

using Json = rapidjson::Value;

/// Where a value is in its document. Nobody wants to know unless something is wrong there: it is a chain through the
/// readers that are at work, and becomes text when it is asked for.
class Place {
 public:
  /// The document's own: `pointer` as it stands.
  explicit Place(std::string_view pointer) : key_(pointer) {}
  /// Of a member or an element of what is at `above`, which has to live as long.
  Place(const Place& above, std::string_view key) : above_(&above), key_(key) {}
  Place(const Place& above, std::size_t index) : above_(&above), index_(index) {}

  std::string pointer() const;  ///< a JSON pointer (RFC 6901)

 private:
  const Place* above_ = nullptr;
  std::string_view key_;
  std::optional<std::size_t> index_;
};

template <class T>
concept WholeNumber = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

class Fields {
 public:
  /// Notes an error if `value` is not an object; then no key is there.
  Fields(const Json& value, const Place& place, Findings& findings);

  const Place& place() const { return place_; }
  void error(std::string_view key, std::string text) { note(Place(place_, key), std::move(text)); }
  void warn(const Place& place, std::string text) { findings_.warnings.push_back({place.pointer(), std::move(text)}); }

  /// Whether the key is there, and not null.
  bool has(std::string_view key) { return find(key) != nullptr; }

  /// Reads `key` into `target`, which stays as it is if the key is absent or of another type.
  template <class T>
  void read(std::string_view key, T& target) {
    if (const Json* value = find(key)) take(*value, Place(place_, key), target);
  }

  /// The same for a key that has to be there.
  template <class T>
  void require(std::string_view key, T& target) {
    const Json* value = find(key);
    if (value == nullptr) {
      if (is_object_) error(key, "missing");
      return;
    }
    take(*value, Place(place_, key), target);
  }

  /// Reads the object at `key` with `read_one(Fields&)`.
  template <class Read>
  void object(std::string_view key, Read read_one) {
    if (const Json* value = find(key)) one(*value, Place(place_, key), read_one);
  }

  /// Reads a list of objects with `read_one(Fields&, T&)`.
  template <class T, class Read>
  void list(std::string_view key, std::vector<T>& target, Read read_one) {
    each(key, [&](const Json& element, const Place& place) {
      T& item = target.emplace_back();
      one(element, place, [&](Fields& fields) { read_one(fields, item); });
    });
  }

  /// Reads an object whose keys are names of objects, each with `read_one(Fields&, T&)`.
  template <class T, class Read>
  void map(std::string_view key, std::map<std::string, T>& target, Read read_one) {
    object(key, [&](Fields& fields) {
      for (const auto& member : fields.object_.GetObject()) {
        const std::string_view name = text_of(member.name);
        T& item = target[std::string(name)] = T();  // of two with one name the last one counts
        fields.asked_.push_back(name);
        if (member.value.IsNull()) continue;
        fields.one(member.value, Place(fields.place_, name), [&](Fields& members) { read_one(members, item); });
      }
    });
  }

  /// Calls `visit(element, place)` for each element of the list at `key`.
  template <class Visit>
  void each(std::string_view key, Visit visit) {
    const Json* value = find(key);
    if (value == nullptr) return;
    const Place list(place_, key);
    if (!value->IsArray()) return note(list, "wrong type: a list is expected");
    std::size_t i = 0;
    for (const Json& element : value->GetArray()) visit(element, Place(list, i++));
  }

  /// A key of the specification that this version does not implement: an error unless it asks for nothing.
  void unsupported(std::string_view key);

  /// Warns of every key that nobody asked for. To be called last.
  void finish();

  void take(const Json& value, const Place& place, bool& target);
  void take(const Json& value, const Place& place, std::string& target);
  void take(const Json& value, const Place& place, std::map<std::string, std::string>& target);

  template <WholeNumber T>
  void take(const Json& value, const Place& place, T& target) {
    if (!value.IsNumber()) return note(place, "wrong type: a whole number is expected");
    const auto set = [&](auto number) {
      const bool fits = std::in_range<T>(number);
      if (fits) target = static_cast<T>(number);
      return fits;
    };
    if (value.IsUint64() && set(value.GetUint64())) return;
    if (value.IsInt64() && !value.IsUint64() && set(value.GetInt64())) return;
    note(place,
         fmt::format("not a whole number from {} to {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }

  template <class T>
  void take(const Json& value, const Place& place, std::optional<T>& target) {
    take(value, place, target.emplace());
  }

  template <class T>
  void take(const Json& value, const Place& place, std::vector<T>& target) {
    if (!value.IsArray()) return note(place, "wrong type: a list is expected");
    target.reserve(target.size() + value.Size());
    std::size_t i = 0;
    for (const Json& element : value.GetArray()) take(element, Place(place, i++), target.emplace_back());
  }

 private:
  const Json* find(std::string_view key);
  static std::string_view text_of(const Json& text) { return {text.GetString(), text.GetStringLength()}; }
  void note(const Place& place, std::string text) { findings_.errors.push_back({place.pointer(), std::move(text)}); }

  template <class Read>
  void one(const Json& value, const Place& place, Read read_one) {
    Fields fields(value, place, findings_);
    if (!fields.is_object_) return;
    read_one(fields);
    fields.finish();
  }

  const Json& object_;
  Place place_;
  Findings& findings_;
  bool is_object_;
  std::vector<std::string_view> asked_;
};

}  // namespace caisson::spec
