#include "trust/cosign.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fmt/format.h>

#include "image/digest.h"
#include "image/digest_name.h"
#include "image/document.h"
#include "kernel/files.h"
#include "spec/fields.h"

namespace caisson::trust {

namespace {

constexpr std::size_t kKeyBytes = 64U << 10;
constexpr std::size_t kPayloadBytes = 1U << 20;
constexpr std::string_view kPayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr const char* kSignature = "dev.cosignproject.cosign/signature";
constexpr std::string_view kKind = "cosign container image signature";

// Of base64; empty if it is none.
std::string decoded(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return {};
  const std::size_t padding = text.size() - std::min(text.find_last_not_of('=') + 1, text.size());
  bytes.resize(static_cast<std::size_t>(length) - std::min<std::size_t>(padding, 2));
  return bytes;
}

}  // namespace

void PublicKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<PublicKey> PublicKey::read(const std::string& path) {
  const std::string text = TRY(kernel::read_file(path, kKeyBytes));
  const std::unique_ptr<BIO, decltype(&BIO_free)> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                         BIO_free);
  evp_pkey_st* const key = source ? PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr) : nullptr;
  if (key == nullptr) return fail(in(path, complaint("this is no public key in PEM", "cosign public-key gives it")));
  return PublicKey(key);
}

bool PublicKey::has_signed(std::string_view message, std::string_view signature) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* const hash = EVP_PKEY_id(key_.get()) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  return context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

std::string signature_tag(std::string_view digest) { return fmt::format("sha256-{}.sig", image::hex_of(digest)); }

Result<std::string> signed_digest(std::string_view payload) {
  const spec::Document document = TRY(image::parse_document(payload, "signed payload", kPayloadBytes));
  spec::Findings findings;
  spec::Fields fields(document, spec::Place(""), findings);
  std::string digest;
  std::string kind;
  fields.object("critical", [&](spec::Fields& critical) {
    critical.require("type", kind);
    critical.object("image", [&](spec::Fields& image) { image.require("docker-manifest-digest", digest); });
  });
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, "signed payload"));
  if (kind != kKind) return fail(complaint("signed payload: it is of another kind"));
  TRY(image::check_digest(digest));
  return digest;
}

Result<bool> is_signed(const image::ImageStore& store, const image::Manifest& signatures, const std::string& digest,
                       const PublicKey& key) {
  for (const image::Descriptor& layer : signatures.layers) {
    const auto signature = layer.annotations.find(kSignature);
    if (layer.media_type != kPayloadType || signature == layer.annotations.end()) continue;
    const std::string payload = TRY(store.read_blob(layer, kPayloadBytes));
    if (TRY(image::digest_of(payload)) != layer.digest || !key.has_signed(payload, decoded(signature->second)))
      continue;
    if (TRY(signed_digest(payload)) == digest) return true;
  }
  return false;
}

}  // namespace caisson::trust
