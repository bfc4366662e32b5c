// Bearer tokens as token servers hand them out. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::registry {

struct Token {
  std::string value;
  int lifetime_s = 60;  ///< how long it holds from its arrival on
};

/// Reads the answer of a token server: `token` or `access_token`, and `expires_in`, of which less than a minute counts
/// as one. The error never shows what stood there.
Result<Token> read_token(std::string_view body);

}  // namespace caisson::registry
