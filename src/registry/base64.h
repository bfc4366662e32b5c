// Base64 (RFC 4648, section 4), as HTTP's Basic scheme and files of credentials have it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson::registry {

std::string encode_base64(std::string_view bytes);

/// Nothing for what is not base64. Its padding may be missing; what comes behind it may not.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace caisson::registry
