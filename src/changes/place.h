// The side that `cp` copies to: entries of an archive, put among what is there already.
//
// The archive is not trusted, and neither is the tree: a container may run in it and change it meanwhile. Every
// directory is opened below the one that is copied to (openat2(2)); a symbolic link on the way of a copy is never
// followed, in an archive only inside the root; what is made is made anew by its last component, with O_EXCL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/metadata.h"
#include "image/tar_reader.h"

namespace caisson::changes {

enum class PlaceForm {
  kCopy,     ///< one file or tree, as pack() writes it; where it goes is cp's rules
  kArchive,  ///< whatever is in it goes below the directory `path`, which is there
};

struct PlaceOptions {
  std::string path;  ///< inside the root; a slash at its end asks for a directory
  PlaceForm form = PlaceForm::kCopy;
  std::string name;        ///< what a copy is called in a directory that is there
  bool contents = false;   ///< what is in the copied directory goes there, not the directory itself ("DIR/.")
  bool overwrite = false;  ///< a directory may give way to what is none, and the other way round
  std::optional<image::Owner> owner;  ///< of all that is made; nothing: as the archive says
  bool harmless = false;              ///< no devices, set-ID bits and capabilities: they are a container's
  image::Privilege privilege = image::Privilege::kRoot;
};

/// Places all entries; the process's umask has to be 0. Gives what was left out, as lines. Errors name the entry: a
/// directory in the way of a file, or the other way round; a missing directory to copy to; names that lead out of the
/// directory; those of writing.
Result<std::vector<std::string>> place(int root, const PlaceOptions& options, image::TarReader& archive);

}  // namespace caisson::changes
