// Output as --format asks for it: JSON, a table, or a template (templates/template.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "templates/template.h"

namespace caisson::cli {

/// A row of a listing; `labels` are what {{.Label "tier"}} asks for.
struct ListedRow {
  nlohmann::ordered_json fields;
  std::map<std::string, std::string> labels = {};
};

/// A listing's own: the columns of its table, and the headings of fields that are not the field's name in capitals
/// ("CreatedAt" → "CREATED AT" needs none).
struct Columns {
  std::vector<std::string_view> table;
  std::map<std::string, std::string, std::less<>> headings = {};
};

/// What --format says, read before there is anything to show.
class Format {
 public:
  /// "": a table of the listing's columns, as "table" is; "json": one object a line; "table TEMPLATE"; a template for
  /// each row. Errors: a template that is none.
  static Result<Format> read(std::string_view text);

  /// Whether the field is shown; false too for one of the columns of the plain table.
  bool uses(std::string_view field) const;
  bool is_plain_table() const { return kind_ == Kind::kTable && !template_; }

  enum class Heading { kShown, kNone };
  /// Errors: a field that is not there.
  Result<std::string> rows(const std::vector<ListedRow>& rows, const Columns& columns,
                           Heading heading = Heading::kShown) const;

  /// What `inspect` prints: all of the objects as one JSON array ("": over many lines; "json": in one), or a line for
  /// each.
  Result<std::string> objects(const std::vector<nlohmann::ordered_json>& objects) const;

  /// One object: "json" (also ""), or a template.
  Result<std::string> object(const nlohmann::ordered_json& object) const;

 private:
  enum class Kind { kTable, kJson, kTemplate };
  Kind kind_ = Kind::kTable;
  bool is_empty_ = false;
  std::optional<templates::Template> template_;

  Result<std::string> render(const ListedRow& row) const;
};

/// "CreatedAt" → "CREATED AT", "ID" → "ID".
std::string plain_heading(std::string_view field);

/// Format::objects.
Result<std::string> render_objects(std::string_view format, const std::vector<nlohmann::ordered_json>& objects);

/// Columns as wide as their widest entry, two spaces between.
std::string align(const std::vector<std::vector<std::string>>& rows);

}  // namespace caisson::cli
