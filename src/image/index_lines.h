// One line of a large index, without reading the others. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace caisson::image {

/// The members of the list "manifests" of the JSON object `json` in which a string is `word`, or ends with it, each as
/// it is written. Nothing if that cannot be told without reading it all: for text with a '\' in it, and for what is no
/// such object. Members are not read: whether they are JSON is for who reads them to say.
enum class Stands { kAlone, kAtTheEnd };
std::optional<std::vector<std::string_view>> lines_with(std::string_view json, std::string_view word,
                                                        Stands stands = Stands::kAlone);

}  // namespace caisson::image
