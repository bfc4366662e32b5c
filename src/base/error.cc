#include "base/error.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace caisson {

std::string Error::text() const {
  std::string line;
  if (!item.empty()) line += item + ": ";
  if (call.empty()) {
    line += operand;
  } else {
    line += fmt::format("{}({})", call, operand);
  }
  if (number != 0) line += ": " + errno_words(number);
  return line;
}

Error complaint(std::string complaint, std::string hint) {
  return Error{.call = {}, .number = 0, .operand = std::move(complaint), .item = {}, .hint = std::move(hint)};
}

Error os_error(std::string_view call, std::string_view operand) {
  const int number = errno;  // before anything that could change it
  return Error{.call = std::string(call), .number = number, .operand = std::string(operand)};
}

Error in(std::string_view item, Error error) {
  error.item = error.item.empty() ? std::string(item) : fmt::format("{}: {}", item, error.item);
  return error;
}

std::string errno_words(int number) {
  const char* words = strerrordesc_np(number);
  return words != nullptr ? words : fmt::format("errno {}", number);
}

}  // namespace caisson
