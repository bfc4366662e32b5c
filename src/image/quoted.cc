#include "image/quoted.h"

#include <fmt/format.h>

namespace caisson::image {

std::string quoted_name(std::string_view name) {
  constexpr std::size_t kShown = 200;
  std::string text = "'";
  for (const char c : name.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\' || c == '\'') {
      text += fmt::format("\\{:03o}", byte);
    } else {
      text += c;
    }
  }
  return text + (name.size() > kShown ? "…'" : "'");
}

}  // namespace caisson::image
