#include "cli/template.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string compact(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : compact(value); }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<const Json*> field(std::string_view path, const Json& object) {
  if (!path.starts_with('.'))
    return fail(
        complaint(fmt::format("'{{{{{}}}}}' is not supported: {{{{.FIELD}}}} and {{{{json .FIELD}}}} are", path)));
  const Json* at = &object;
  if (path == ".") return at;
  for (const std::string_view name : split(path.substr(1), '.')) {
    const auto found = at->is_object() ? at->find(std::string(name)) : at->end();
    if (!at->is_object() || found == at->end()) return fail(complaint(fmt::format("there is no field '{}'", path)));
    at = &*found;
  }
  return at;
}

Result<std::string> action(std::string_view text, const Json& object) {
  text = trimmed(text);
  if (text.starts_with("json ")) return compact(*TRY(field(trimmed(text.substr(5)), object)));
  return plain(*TRY(field(text, object)));
}

std::string unescaped(std::string_view text) {
  std::string plain_text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 't' || text[i + 1] == 'n')) {
      plain_text += text[++i] == 't' ? '\t' : '\n';
    } else {
      plain_text += text[i];
    }
  }
  return plain_text;
}

// "{{.Names}}\t{{.Status}}" → "NAMES", "STATUS".
std::vector<std::string> headings(std::string_view format) {
  std::vector<std::string> names;
  for (std::string_view column : split(format, '\t')) {
    std::string name;
    for (const char c : column) {
      if (c >= 'a' && c <= 'z') name += static_cast<char>(c - 32);
      if ((c >= 'A' && c <= 'Z') || c == ' ') name += c;
    }
    names.emplace_back(trimmed(name));
  }
  return names;
}

}  // namespace

Result<std::string> render(std::string_view format, const Json& object) {
  std::string out;
  std::string text = unescaped(format);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t open = rest.find("{{");
    out += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find("}}", open);
    if (close == std::string_view::npos) return fail(in("--format", complaint("'{{' without '}}'")));
    out += TRY_IN("--format", action(rest.substr(open + 2, close - open - 2), object));
    rest.remove_prefix(close + 2);
  }
  return out;
}

Result<std::string> render_rows(std::string_view format, const std::vector<Json>& rows) {
  std::string out;
  if (format == "json") {
    for (const Json& row : rows) out += compact(row) + "\n";
    return out;
  }
  if (!format.starts_with("table ")) {
    for (const Json& row : rows) out += TRY(render(format, row)) + "\n";
    return out;
  }
  const std::string columns = unescaped(format.substr(6));
  std::vector<std::vector<std::string>> table = {headings(columns)};
  for (const Json& row : rows) {
    const std::string line = TRY(render(columns, row));
    std::vector<std::string> cells;
    for (const std::string_view cell : split(line, '\t')) cells.emplace_back(cell);
    table.push_back(std::move(cells));
  }
  return align(table);
}

Result<std::string> render_objects(std::string_view format, const std::vector<Json>& objects) {
  if (format.empty()) return Json(objects).dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
  return render_rows(format, objects);
}

std::string align(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace caisson::cli
