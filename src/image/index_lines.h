// One line of a large index, without reading the others. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace caisson::image {

/// The members of the list "manifests" of the JSON object `json` in which `word` stands as a string, each as it is
/// written. Nothing if that cannot be told without reading it all: for text with a '\' in it, and for what is no such
/// object. Members are not read: whether they are JSON is for who reads them to say.
std::optional<std::vector<std::string_view>> lines_with(std::string_view json, std::string_view word);

}  // namespace caisson::image
