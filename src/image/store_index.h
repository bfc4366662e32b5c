// index.json of the image store, for those who read and change it: what they do not know stays as it is.
#pragma once

#include <optional>
#include <string>

#include "image/document.h"
#include "image/image_store.h"

namespace caisson::image {

/// The text of index.json; that of an empty index where there is none.
Result<std::string> read_index_text(const ImageStore& store);

/// Its tree, to be read, of which `text` is the text. Its "manifests" are a list.
Result<spec::Document> parse_index(const ImageStore& store, std::string_view text);

/// The tree of one without lines.
Json empty_index();

/// Its tree, to be changed. Its "manifests" are a list.
Result<Json> read_index_tree(const ImageStore& store);

/// Puts it in the place of the other. lock/index must be held.
Result<> write_index_tree(const ImageStore& store, const Json& tree);

/// A line of it. Error: it is not one that can be read.
Result<StoreEntry> entry_from(const spec::Json& line, const spec::Place& place);

/// The same to be written. One with a stand-in leads to that, and has the original's descriptor in annotations:
///
///   caisson.original.mediaType, .digest, .size    that descriptor
///   caisson.original.of                           the digest of the stand-in: a program that has made the line lead
///                                                 elsewhere, and has kept the annotations, means its own image
Json line_of(const StoreEntry& entry);

/// The digest of what a line leads to, the original's; empty if it cannot be told.
std::string digest_in(const Json& line);

}  // namespace caisson::image
