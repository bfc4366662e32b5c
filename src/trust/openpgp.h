// Detached OpenPGP signatures, as rkt had them for images and as most downloads have: gpgv(1) says what they are worth.
#pragma once

#include <string>

#include "base/result.h"

namespace caisson::trust {

struct OpenPgpSignature {
  std::string fingerprint;  ///< of the key
  std::string digest;       ///< "sha256:HEX" of what was signed, hashed while it was checked
};

/// Has gpgv check that the file at `signature` is one of what `data` holds, from its beginning, by a key of `keyring`.
/// Errors: gpgv is not installed, or cannot be run; the signature is bad, or by another key; what cannot be read.
Result<OpenPgpSignature> check_openpgp(int data, const std::string& signature, const std::string& keyring);

}  // namespace caisson::trust
