// The text of a JSON document as a tree.
#pragma once

#include <optional>
#include <string_view>

#include "spec/fields.h"

namespace caisson::spec {

using Document = rapidjson::Document;

/// The tree; nothing for what is not JSON, with the line and column of that among the errors.
std::optional<Document> parse_document(std::string_view json, Findings& findings);

}  // namespace caisson::spec
