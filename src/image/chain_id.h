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

/// The chain id of the layer with this DiffID on the one with the chain id `below`: the digest of that, a space, and
/// its own. The lowest, with nothing below, has its own digest.
Result<std::string> chain_id(std::string_view below, std::string_view diff_id, const DigestOf& digest_of);

/// The chain id of each layer, for the digests of the unpacked layers from the lowest up.
Result<std::vector<std::string>> chain_ids(const std::vector<std::string>& diff_ids, const DigestOf& digest_of);

}  // namespace caisson::image
