// SHA-256 over what streams by.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;  // EVP_MD_CTX

namespace caisson::image {

/// Feed it with update(); digest() ends it and gives "sha256:HEX". libcrypto fails only for want of memory or of the
/// algorithm.
class Sha256 {
 public:
  static Result<Sha256> start();

  void update(std::string_view bytes);
  Result<std::string> digest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  explicit Sha256(evp_md_ctx_st* context) : context_(context) {}

  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool failed_ = false;
};

/// "sha256:HEX" of a text.
Result<std::string> digest_of(std::string_view text);

}  // namespace caisson::image
