// The part of Go's templates that people script with docker's --format: fields, `json`, and `table`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace caisson::cli {

/// `format` for one object: "{{.Names}}: {{json .State}}\n"; \t and \n are what they are in docker's formats. Errors:
/// what is no such template, a field that is not there.
Result<std::string> render(std::string_view format, const nlohmann::ordered_json& object);

/// Rows as --format asks: "json" (one object a line), "table …" (columns with headings), or a template for each.
Result<std::string> render_rows(std::string_view format, const std::vector<nlohmann::ordered_json>& rows);

/// What `inspect` prints: all of the objects as one JSON array, or each as --format asks if it is not empty.
Result<std::string> render_objects(std::string_view format, const std::vector<nlohmann::ordered_json>& objects);

/// Columns as wide as their widest entry, two spaces between.
std::string align(const std::vector<std::vector<std::string>>& rows);

}  // namespace caisson::cli
