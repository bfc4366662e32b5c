// What images are called, as docker spells it (the grammar of distribution/reference). Pure.
//
//   [DOMAIN[:PORT]/]COMPONENT[/COMPONENT…][:TAG][@DIGEST]
//
// The first component is a registry's domain if there is a '.' or ':' in it, or if it is "localhost"; without one, the
// registry is docker.io, where a name of a single component is below "library/". So "busybox" is
// docker.io/library/busybox. Domains are read in any case, and kept in lower case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

/// A name with everything in it that was left out.
struct Reference {
  std::string domain;  ///< "docker.io", "localhost:5000", "[::1]:5000"
  std::string path;    ///< "library/busybox"
  std::string tag;     ///< empty: none
  std::string digest;  ///< "sha256:HEX"; empty: none

  bool operator==(const Reference&) const = default;

  std::string name() const;  ///< "docker.io/library/busybox"
  std::string text() const;  ///< "docker.io/library/busybox:1.36": what the store calls it

  /// As people write it: "busybox:1.36". Reading it gives this reference again.
  std::string familiar() const;
};

/// Reads and completes `text`; a tag is not added. The error is one sentence that says what is wrong at which
/// character. Narrower than docker in one thing: capital letters alone make no domain of a first component.
Result<Reference> parse_reference(std::string_view text);

/// The same with the tag "latest", if there is neither a tag nor a digest.
Reference with_default_tag(Reference reference);

/// The pieces of a reference as they are written, unchecked: views into `text`.
struct ReferencePieces {
  std::string_view name;
  std::optional<std::string_view> tag;
  std::optional<std::string_view> digest;
};
ReferencePieces cut_reference(std::string_view text);

/// True if no registry is written in it, so that whoever knows which are searched may choose one: "busybox",
/// "library/busybox:1".
bool is_short_name(std::string_view text);

}  // namespace caisson::image
