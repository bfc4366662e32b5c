// The lines of a layout's index.json, changed: what others have written there stays as it is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "image/descriptor.h"
#include "image/document.h"

namespace caisson::archive {

/// An index without images.
image::Json empty_index();

/// The index in `text`, to be changed; its "manifests" are a list. Error: it is none.
Result<image::Json> read_index_lines(std::string_view text);

/// Adds a line for `image`, called `name`, or without a name if that is empty. Another line of that name goes, as with
/// skopeo; one without a name stays once.
void add_line(image::Json& index, const image::Descriptor& image, const std::string& name);

}  // namespace caisson::archive
