// Signatures as cosign makes them with a key (sigstore's "simple signing" payloads). What is signed is a small document
// that names the digest of a manifest; it lies, with its signature, in a registry under the tag sha256-HEX.sig, as the
// layer of a manifest of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"
#include "image/manifest.h"

struct evp_pkey_st;  // EVP_PKEY

namespace caisson::trust {

/// A public key, ECDSA, RSA or Ed25519.
class PublicKey {
 public:
  /// Reads a PEM file ("BEGIN PUBLIC KEY"). Error: it is none.
  static Result<PublicKey> read(const std::string& path);

  /// Whether `signature` is one of `message` by this key; with SHA-256, except for Ed25519.
  bool has_signed(std::string_view message, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit PublicKey(evp_pkey_st* key) : key_(key) {}

  std::unique_ptr<evp_pkey_st, Free> key_;
};

/// The tag under which the signatures of a manifest are: "sha256-HEX.sig".
std::string signature_tag(std::string_view digest);

/// The digest that a payload is about ("critical.image.docker-manifest-digest"). Error: it is no such payload.
Result<std::string> signed_digest(std::string_view payload);

/// A manifest with signatures in the store: whether one of them is of the manifest `digest` by `key`. Error: a payload
/// cannot be read.
Result<bool> is_signed(const image::ImageStore& store, const image::Manifest& signatures, const std::string& digest,
                       const PublicKey& key);

}  // namespace caisson::trust
