// What layers are called together with all that are below them (image-spec config.md, "Layer ChainID"). Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

/// SHA-256 of its argument as "sha256:HEX": who has the library gives it.
using DigestOf = std::function<Result<std::string>(std::string_view)>;

/// The chain id of each layer, for the digests of the unpacked layers from the lowest up. That of the lowest is its own
/// digest; each other's is the digest of the one below it, a space, and its own.
Result<std::vector<std::string>> chain_ids(const std::vector<std::string>& diff_ids, const DigestOf& digest_of);

}  // namespace caisson::image
