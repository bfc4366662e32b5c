#include "systemd/message.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/gvariant.h"

namespace caisson::systemd {

namespace {

using Words = std::span<const std::string>;

Result<> check(int result, std::string_view what) {
  if (result >= 0) return {};
  return fail(complaint(fmt::format("{}: {}", what, errno_words(-result))));
}

Result<const std::string*> next(Words& words) {
  if (words.empty()) return fail(complaint("a word of the request is missing"));
  const std::string* word = &words.front();
  words = words.subspan(1);
  return word;
}

template <class Number>
Result<> append_number(sd_bus_message* message, char type, const std::string& word) {
  const auto refuse = [&] { return fail(complaint(fmt::format("'{}' is not a number of type '{}'", word, type))); };
  Number value{};
  if constexpr (std::is_same_v<Number, double>) {
    char* end = nullptr;
    value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0') return refuse();
  } else if constexpr (std::is_signed_v<Number>) {
    const std::optional<std::int64_t> read = parse_signed(word);
    if (!read || *read < std::numeric_limits<Number>::min() || *read > std::numeric_limits<Number>::max())
      return refuse();
    value = static_cast<Number>(*read);
  } else {
    const std::optional<std::uint64_t> read = parse_unsigned(word);
    if (!read || *read > std::numeric_limits<Number>::max()) return refuse();
    value = static_cast<Number>(*read);
  }
  return check(sd_bus_message_append_basic(message, type, &value), word);
}

Result<> append_basic(sd_bus_message* message, char type, const std::string& word) {
  switch (type) {
    case 'b': {
      const int value = word == "true" ? 1 : 0;
      if (word != "true" && word != "false")
        return fail(complaint(fmt::format("'{}' is neither true nor false", word)));
      return check(sd_bus_message_append_basic(message, type, &value), word);
    }
    case 'y': return append_number<std::uint8_t>(message, type, word);
    case 'n': return append_number<std::int16_t>(message, type, word);
    case 'q': return append_number<std::uint16_t>(message, type, word);
    case 'i': return append_number<std::int32_t>(message, type, word);
    case 'u': return append_number<std::uint32_t>(message, type, word);
    case 'x': return append_number<std::int64_t>(message, type, word);
    case 't': return append_number<std::uint64_t>(message, type, word);
    case 'd': return append_number<double>(message, type, word);
    case 's':
    case 'o':
    case 'g': return check(sd_bus_message_append_basic(message, type, word.c_str()), fmt::format("'{}'", word));
    default: return fail(complaint(fmt::format("values of type '{}' cannot be sent", type)));
  }
}

// The members of a structure or of an entry, one after the other.
Result<> append_members(sd_bus_message* message, char type, std::string_view members, Words& words) {
  const std::string contents(members);
  TRY(check(sd_bus_message_open_container(message, type, contents.c_str()), contents));
  while (!members.empty()) {
    const std::size_t length = cgroup::complete_type_length(members);
    if (length == 0) return fail(complaint(fmt::format("'{}' is not a signature", contents)));
    TRY(append_value(message, members.substr(0, length), words));
    members.remove_prefix(length);
  }
  return check(sd_bus_message_close_container(message), contents);
}

Result<> append_array(sd_bus_message* message, std::string_view element, Words& words) {
  const std::string& word = *TRY(next(words));
  const std::optional<std::uint64_t> count = parse_unsigned(word);
  if (!count) return fail(complaint(fmt::format("'{}' is not a number of elements", word)));
  const std::string contents(element);
  TRY(check(sd_bus_message_open_container(message, 'a', contents.c_str()), contents));
  for (std::uint64_t i = 0; i < *count; ++i) TRY(append_value(message, element, words));
  return check(sd_bus_message_close_container(message), contents);
}

}  // namespace

Result<> append_value(sd_bus_message* message, std::string_view signature, Words& words) {
  if (signature.empty() || cgroup::complete_type_length(signature) != signature.size()) {
    return fail(complaint(fmt::format("'{}' is not the signature of one value", signature)));
  }
  switch (signature[0]) {
    case 'a': return append_array(message, signature.substr(1), words);
    case '(': return append_members(message, 'r', signature.substr(1, signature.size() - 2), words);
    case '{': return append_members(message, 'e', signature.substr(1, signature.size() - 2), words);
    case 'v': {
      const std::string& inner = *TRY(next(words));
      TRY(check(sd_bus_message_open_container(message, 'v', inner.c_str()), inner));
      TRY(append_value(message, inner, words));
      return check(sd_bus_message_close_container(message), inner);
    }
    default: return append_basic(message, signature[0], *TRY(next(words)));
  }
}

Result<> append_properties(sd_bus_message* message, Words words) {
  TRY(check(sd_bus_message_open_container(message, 'a', "(sv)"), "properties"));
  while (!words.empty()) {
    const std::string& name = *TRY(next(words));
    TRY_IN(name, check(sd_bus_message_open_container(message, 'r', "sv"), name));
    TRY_IN(name, append_basic(message, 's', name));
    TRY_IN(name, append_value(message, "v", words));
    TRY_IN(name, check(sd_bus_message_close_container(message), name));
  }
  return check(sd_bus_message_close_container(message), "properties");
}

}  // namespace caisson::systemd
