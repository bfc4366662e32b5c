#include "cli/template.h"

#include <algorithm>

#include "base/text.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTable = "table ";

// What is a map in docker's answers: any key may be asked for.
const templates::Shape& shape() {
  static const templates::Shape kShape = {.maps = {"Labels", "Annotations", "Networks", "Ports", "PortBindings",
                                                   "ExposedPorts", "Volumes", "Options", "Sysctls", "Tmpfs",
                                                   "Attributes", "annotations", "sysctl"}};
  return kShape;
}

std::string compact(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string indented(const Json& value) { return value.dump(4, ' ', false, Json::error_handler_t::replace); }

std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> list;
  for (const std::string_view cell : split(line, '\t')) list.emplace_back(cell);
  return list;
}

std::string cell(const Json& value) { return value.is_string() ? value.get<std::string>() : compact(value); }

// Characters, not bytes: names and commands may have any.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Result<Format> Format::read(std::string_view text) {
  Format format;
  format.is_empty_ = text.empty();
  if (text.empty() || text == "table") return format;
  if (text == "json") return format.kind_ = Kind::kJson, std::move(format);
  const bool is_table = text.starts_with(kTable);
  format.kind_ = is_table ? Kind::kTable : Kind::kTemplate;
  const std::size_t behind = is_table ? kTable.size() : 0;
  format.template_ =
      TRY_IN("--format", templates::Template::parse(text.substr(behind), templates::Escapes::kRead, behind + 1));
  return format;
}

bool Format::uses(std::string_view field) const {
  return kind_ == Kind::kJson || (template_ && template_->uses(field));
}

Result<std::string> Format::render(const ListedRow& row) const {
  const auto label = [&](const std::string& name) -> Json {
    const auto found = row.labels.find(name);
    return found == row.labels.end() ? "" : found->second;
  };
  return TRY_IN("--format", template_->render(row.fields, shape(), {{"Label", label}}));
}

Result<std::string> Format::rows(const std::vector<ListedRow>& rows, const Columns& columns, Heading heading) const {
  std::string out;
  if (kind_ == Kind::kJson) {
    for (const ListedRow& row : rows) out += compact(row.fields) + "\n";
    return out;
  }
  if (kind_ == Kind::kTemplate) {
    for (const ListedRow& row : rows) out += TRY(render(row)) + "\n";
    return out;
  }
  const auto name_of = [&](std::string_view field) {
    const auto known = columns.headings.find(field);
    return known == columns.headings.end() ? plain_heading(field) : known->second;
  };
  std::vector<std::vector<std::string>> table;
  if (heading == Heading::kShown) {
    table.emplace_back();
    if (template_) table.back() = cells(template_->heading(name_of));
    for (const std::string_view field : columns.table) {
      if (!template_) table.back().push_back(name_of(field));
    }
  }
  for (const ListedRow& row : rows) {
    std::vector<std::string>& line = table.emplace_back();
    if (template_) line = cells(TRY(render(row)));
    for (const std::string_view field : columns.table) {
      if (!template_) line.push_back(cell(row.fields.at(std::string(field))));
    }
  }
  return align(table);
}

Result<std::string> Format::objects(const std::vector<Json>& objects) const {
  if (is_empty_) return indented(objects) + "\n";
  if (kind_ == Kind::kJson) return compact(objects) + "\n";
  if (!template_) return fail(in("--format", complaint("there is no table of this: json, or a template")));
  std::string out;
  for (const Json& object : objects) out += TRY(render({object})) + "\n";
  return out;
}

Result<std::string> Format::object(const Json& object) const {
  if (is_empty_) return indented(object) + "\n";
  if (kind_ == Kind::kJson) return compact(object) + "\n";
  return objects({object});
}

std::string plain_heading(std::string_view field) {
  std::string heading;
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (i > 0 && is_upper(field[i]) && !is_upper(field[i - 1])) heading += ' ';
    heading += field[i] >= 'a' && field[i] <= 'z' ? static_cast<char>(field[i] - 32) : field[i];
  }
  return heading;
}

Result<std::string> render_objects(std::string_view format, const std::vector<Json>& objects) {
  return TRY(Format::read(format)).objects(objects);
}

std::string align(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace caisson::cli
