#include "plan/overlay.h"

#include "base/text.h"

namespace caisson::plan {

namespace {

// The pieces between `separator`; a backslash takes the meaning off what follows it.
std::vector<std::string> unescape(std::string_view text, char separator) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator) {
      pieces.emplace_back();
    } else {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      pieces.back() += text[i];
    }
  }
  return pieces;
}

Cut split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? Cut{path, std::nullopt} : Cut{path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

Result<OverlayDirectories> read_overlay(const std::vector<std::string>& options) {
  OverlayDirectories found;
  std::string upper;
  std::string work;
  for (const std::string& option : options) {
    const Cut parts = cut(option, '=');
    const std::string_view value = parts.tail.value_or("");
    if (parts.head == "lowerdir") {
      found.lower = unescape(value, ':');
    } else if (parts.head == "upperdir") {
      upper = unescape(value, '\0')[0];
    } else if (parts.head == "workdir") {
      work = unescape(value, '\0')[0];
    } else if (option == "volatile") {
      found.is_volatile = true;
    } else {
      return fail(complaint("an overlay that is made from trees cannot have the option '" + option + "'"));
    }
  }
  const Cut up = split_path(upper);
  const Cut at_work = split_path(work);
  if (found.lower.empty() || !up.tail || !at_work.tail || up.head != at_work.head) {
    return fail(complaint("an overlay needs lowerdir=, and upperdir= and workdir= beside each other"));
  }
  found.writable = up.head;
  found.upper = *up.tail;
  found.work = *at_work.tail;
  return found;
}

}  // namespace caisson::plan
