// What the name of an entry in an image's layer stands for (image-spec layer.md, "Whiteouts"): most are files; some say
// what of the layers below is gone.
#pragma once

#include <string>

#include "base/result.h"

namespace caisson::image {

enum class LayerNameKind {
  kFile,      ///< an entry like any other
  kWhiteout,  ///< "a/.wh.b": a/b of the layers below is gone
  kOpaque,    ///< "a/.wh..wh..opq": whatever the layers below have in a is gone
  kLeftOut,   ///< AUFS's records of itself: ".wh..wh.aufs", ".wh..wh.orph"
};

struct LayerName {
  LayerNameKind kind = LayerNameKind::kFile;
  std::string path;  ///< of the file, of what is gone, or of the directory whose content is
};

/// Where AUFS kept files that have several names: they are entries that hard links point at, and nothing of the
/// image's.
inline constexpr const char* kAufsLinks = ".wh..wh.plnk";

/// Reads a name that normal_name() has gone over. Errors: a file or a directory whose name begins with ".wh.", a
/// whiteout of nothing, of "." or of "..".
Result<LayerName> read_layer_name(const std::string& normal_name);

}  // namespace caisson::image
