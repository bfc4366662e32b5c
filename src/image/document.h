// A document of an image as a tree: JSON that others have written, and JSON to be written.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "base/result.h"
#include "spec/document.h"

namespace caisson::image {

/// The tree of `json`, which an error calls `what` ("image manifest"). Refused are more than `limit_bytes`, what is not
/// JSON, more than 64 levels, more than a value in 40 of the bytes that are allowed, and a key that stands twice in one
/// object: of those, programs read different ones.
Result<spec::Document> parse_document(std::string_view json, std::string_view what, std::size_t limit_bytes);

/// What is made to be written, or read to be changed.
using Json = nlohmann::json;

/// The text of a document, in one line; U+FFFD stands for what is not UTF-8.
std::string document_text(const Json& document);

}  // namespace caisson::image
