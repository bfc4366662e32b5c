#include "image/digest.h"

#include <array>

#include <openssl/evp.h>

#include "base/text.h"

namespace caisson::image {

namespace {
Error unavailable() { return complaint("libcrypto does not give a SHA-256"); }
}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Result<Sha256> Sha256::start() {
  Sha256 hash(EVP_MD_CTX_new());
  if (!hash.context_ || EVP_DigestInit_ex(hash.context_.get(), EVP_sha256(), nullptr) != 1) return fail(unavailable());
  return hash;
}

void Sha256::update(std::string_view bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) failed_ = true;
}

Result<std::string> Sha256::digest() {
  std::array<unsigned char, 32> bytes{};
  if (failed_ || EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr) != 1) return fail(unavailable());
  return "sha256:" + hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<std::string> digest_of(std::string_view text) {
  Sha256 hash = TRY(Sha256::start());
  hash.update(text);
  return hash.digest();
}

}  // namespace caisson::image
