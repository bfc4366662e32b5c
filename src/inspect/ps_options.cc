#include "inspect/ps_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::inspect {

namespace {

Result<void> add_columns(Table& table, std::string_view names) {
  for (const std::string_view name : split(names, ',')) table.columns.push_back(TRY(find_column(name, table.view)));
  return {};
}

// "pid,comm=NAME,ppid=": behind = stands the heading.
Result<void> add_format(Table& table, std::string_view format) {
  for (const std::string_view word : split(format, ',')) {
    const Cut parts = cut(word, '=');
    Column column = TRY(find_column(parts.head, table.view));
    if (parts.tail) column.heading = *parts.tail;
    table.columns.push_back(std::move(column));
  }
  return {};
}

void name_first(Table& table, std::string_view heading) { table.columns.front().heading = heading; }

Result<Table> full_format() {
  Table table;
  TRY(add_columns(table, "user,pid,ppid,c,stime,tty,time,cmd"));
  name_first(table, "UID");
  return table;
}

Result<Table> user_format() {
  Table table;
  TRY(add_columns(table, "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,command"));
  return table;
}

Result<Table> ps_table(const std::vector<std::string>& words) {
  Table chosen;
  Table whole = TRY(full_format());
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view letters = words[i];
    while (letters.starts_with('-')) letters.remove_prefix(1);
    for (std::size_t at = 0; at < letters.size(); ++at) {
      const char letter = letters[at];
      if (letter == 'o') {
        std::string_view format = letters.substr(at + 1);
        if (format.empty()) {
          if (++i == words.size()) return fail(complaint("-o needs columns: -o pid,args"));
          format = words[i];
        }
        TRY(add_format(chosen, format));
        break;
      }
      if (letter == 'f') whole = TRY(full_format());
      if (letter == 'u') whole = TRY(user_format());
      if (std::string_view("eAaxfuw").find(letter) == std::string_view::npos) {
        return fail(complaint(fmt::format("'{}' has an option of ps that is not there: -{}", words[i], letter),
                              "-ef, aux and -o COLUMN,… are, and podman's names of columns"));
      }
    }
  }
  return chosen.columns.empty() ? whole : chosen;
}

}  // namespace

Result<Table> read_table(const std::vector<std::string>& words) {
  if (words.empty()) return full_format();
  const std::string& first = words.front();
  const bool is_bsd =
      first == "aux" || first == "ax" || first == "axu" || first == "u" || first == "ef" || first == "o";
  if (first.starts_with('-') || is_bsd) return ps_table(words);
  Table table{.view = View::kContainer, .columns = {}};
  for (const std::string& word : words) TRY(add_columns(table, word));
  return table;
}

}  // namespace caisson::inspect
