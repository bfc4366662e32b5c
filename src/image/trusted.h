// What has been found to be signed, remembered: programs that hold no cryptography need not ask again.
//
//   ROOT/trusted/HEX   of a digest, an image's manifest or a tarball: a line for each file of keys that it was checked
//                      with, by that file's identity (identity.h)
#pragma once

#include <string>

#include "base/result.h"
#include "image/policy.h"

namespace caisson::image {

/// Whether what has this digest was found to meet the requirement, with one of its files of keys as it is now.
bool is_known_trusted(const std::string& root, const std::string& digest, const Requirement& requirement);

/// Remembers that it does, by the file of keys at `key`. One that was written a moment ago is not relied on yet.
Result<> remember_trusted(const std::string& root, const std::string& digest, const std::string& key);

}  // namespace caisson::image
