#include "spec/number_list.h"

#include "base/text.h"

namespace caisson::spec {

namespace {

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::vector<std::uint32_t>> parse_number_list(std::string_view list, std::uint32_t end) {
  std::vector<std::uint32_t> words;
  for (const std::string_view piece : split(list, ',')) {
    const std::string_view entry = without_spaces(piece);
    if (entry.empty()) continue;
    const Cut ends = cut(entry, '-');
    const std::optional<std::uint64_t> first = parse_unsigned(ends.head);
    const std::optional<std::uint64_t> last = ends.tail ? parse_unsigned(*ends.tail) : first;
    if (!first || !last || *first > *last || *last >= end) return std::nullopt;
    if (words.size() <= *last / 32) words.resize(*last / 32 + 1);
    for (std::uint64_t number = *first; number <= *last; ++number) words[number / 32] |= 1U << (number % 32);
  }
  return words;
}

}  // namespace caisson::spec
