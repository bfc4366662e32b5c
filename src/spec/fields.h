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
#include <nlohmann/json.hpp>

#include "spec/problem.h"

namespace caisson::spec {

using Json = nlohmann::json;

template <class T>
concept WholeNumber = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

class Fields {
 public:
  /// Notes an error if `value` is not an object; then no key is there.
  Fields(const Json& value, std::string pointer, Findings& findings);

  const std::string& pointer() const { return pointer_; }
  void error(std::string_view key, std::string text) { note(below(pointer_, key), std::move(text)); }
  void warn(std::string pointer, std::string text) {
    findings_.warnings.push_back({std::move(pointer), std::move(text)});
  }

  /// Reads `key` into `target`, which stays as it is if the key is absent or of another type.
  template <class T>
  void read(std::string_view key, T& target) {
    if (const Json* value = find(key)) take(*value, below(pointer_, key), target);
  }

  /// The same for a key that has to be there.
  template <class T>
  void require(std::string_view key, T& target) {
    const Json* value = find(key);
    if (value == nullptr) {
      if (is_object_) error(key, "missing");
      return;
    }
    take(*value, below(pointer_, key), target);
  }

  /// Reads the object at `key` with `read_one(Fields&)`.
  template <class Read>
  void object(std::string_view key, Read read_one) {
    if (const Json* value = find(key)) one(*value, below(pointer_, key), read_one);
  }

  /// Reads a list of objects with `read_one(Fields&, T&)`.
  template <class T, class Read>
  void list(std::string_view key, std::vector<T>& target, Read read_one) {
    each(key, [&](const Json& element, const std::string& pointer) {
      T& item = target.emplace_back();
      one(element, pointer, [&](Fields& fields) { read_one(fields, item); });
    });
  }

  /// Reads an object whose keys are names of objects, each with `read_one(Fields&, T&)`.
  template <class T, class Read>
  void map(std::string_view key, std::map<std::string, T>& target, Read read_one) {
    object(key, [&](Fields& fields) {
      for (const auto& [name, value] : fields.object_.items()) {
        T& item = target[name];
        fields.object(name, [&](Fields& members) { read_one(members, item); });
      }
    });
  }

  /// Calls `visit(element, pointer)` for each element of the list at `key`.
  template <class Visit>
  void each(std::string_view key, Visit visit) {
    const Json* value = find(key);
    if (value == nullptr) return;
    const std::string pointer = below(pointer_, key);
    if (!value->is_array()) return note(pointer, "wrong type: a list is expected");
    for (std::size_t i = 0; i < value->size(); ++i) visit((*value)[i], below(pointer, i));
  }

  /// A key of the specification that this version does not implement: an error unless it asks for nothing.
  void unsupported(std::string_view key);

  /// Warns of every key that nobody asked for. To be called last.
  void finish();

  void take(const Json& value, const std::string& pointer, bool& target);
  void take(const Json& value, const std::string& pointer, std::string& target);
  void take(const Json& value, const std::string& pointer, std::map<std::string, std::string>& target);

  template <WholeNumber T>
  void take(const Json& value, const std::string& pointer, T& target) {
    if (!value.is_number()) return note(pointer, "wrong type: a whole number is expected");
    const auto set = [&](auto number) {
      const bool fits = std::in_range<T>(number);
      if (fits) target = static_cast<T>(number);
      return fits;
    };
    if (value.is_number_unsigned() && set(value.get<std::uint64_t>())) return;
    if (value.is_number_integer() && !value.is_number_unsigned() && set(value.get<std::int64_t>())) return;
    note(pointer,
         fmt::format("not a whole number from {} to {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }

  template <class T>
  void take(const Json& value, const std::string& pointer, std::optional<T>& target) {
    take(value, pointer, target.emplace());
  }

  template <class T>
  void take(const Json& value, const std::string& pointer, std::vector<T>& target) {
    if (!value.is_array()) return note(pointer, "wrong type: a list is expected");
    for (std::size_t i = 0; i < value.size(); ++i) take(value[i], below(pointer, i), target.emplace_back());
  }

 private:
  const Json* find(std::string_view key);
  void note(std::string pointer, std::string text) {
    findings_.errors.push_back({std::move(pointer), std::move(text)});
  }

  template <class Read>
  void one(const Json& value, const std::string& pointer, Read read_one) {
    Fields fields(value, pointer, findings_);
    if (!fields.is_object_) return;
    read_one(fields);
    fields.finish();
  }

  const Json& object_;
  std::string pointer_;
  Findings& findings_;
  bool is_object_;
  std::vector<std::string_view> asked_;
};

}  // namespace caisson::spec
