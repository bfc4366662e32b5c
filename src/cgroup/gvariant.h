// GVariant text → words for a message of D-Bus: values of org.systemd.property.… annotations. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::cgroup {

/// A value of D-Bus as busctl(1) takes it on its command line: an array's number of elements comes before them, a
/// variant's signature before its value.
struct Typed {
  std::string signature;           ///< "as"
  std::vector<std::string> words;  ///< {"2", "a", "b"}
  bool operator==(const Typed&) const = default;
};

/// The length of the first complete type of a signature: 2 of "asu"; 0 if there is none.
std::size_t complete_type_length(std::string_view signature);

/// Reads `text` as GLib's GVariant text format has it: 'word', "word", true, 15, uint32 15, 1.5, ['a', 'b'], @as [],
/// (1, 'a'), {'key': 1}, <1>, b'bytes'. An integer of no stated type is an int32, as there.
/// Errors: what is not such a text, with the place; a number that its type cannot hold; [] without its type.
Result<Typed> read_gvariant(std::string_view text);

}  // namespace caisson::cgroup
