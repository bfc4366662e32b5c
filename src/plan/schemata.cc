#include "plan/schemata.h"

#include <cctype>
#include <optional>

namespace caisson::plan {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what comes before the next `separator` off `text`; nothing when it is used up.
std::optional<std::string_view> next(std::string_view& text, char separator) {
  if (text.data() == nullptr) return std::nullopt;
  const std::size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return trimmed(head);
}

std::string_view significant(std::string_view number) {
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_number(std::string_view a, std::string_view b) {
  a = significant(a);
  b = significant(b);
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// What follows "L3:" in the line of that resource.
std::optional<std::string_view> line_of(std::string_view lines, std::string_view resource) {
  while (const auto line = next(lines, '\n')) {
    const std::size_t colon = line->find(':');
    if (colon != std::string_view::npos && trimmed(line->substr(0, colon)) == resource) return line->substr(colon + 1);
  }
  return std::nullopt;
}

bool has_domain(std::string_view line, std::string_view domain, std::string_view value) {
  while (const auto each = next(line, ';')) {
    const std::size_t equals = each->find('=');
    if (equals == std::string_view::npos) continue;
    if (same_number(trimmed(each->substr(0, equals)), domain))
      return same_number(trimmed(each->substr(equals + 1)), value);
  }
  return false;
}

}  // namespace

bool schemata_agree(std::string_view existing, std::string_view wanted) {
  while (const auto line = next(wanted, '\n')) {
    if (line->empty()) continue;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) return false;
    const auto there = line_of(existing, trimmed(line->substr(0, colon)));
    if (!there) return false;
    std::string_view domains = line->substr(colon + 1);
    while (const auto each = next(domains, ';')) {
      const std::size_t equals = each->find('=');
      if (equals == std::string_view::npos) return false;
      if (!has_domain(*there, trimmed(each->substr(0, equals)), trimmed(each->substr(equals + 1)))) return false;
    }
  }
  return true;
}

}  // namespace caisson::plan
