// Certificates of and for registries, in directories as docker and podman have them (containers-certs.d(5)):
//
//   certs.d/HOST[:PORT]/*.crt              authorities to trust there, besides the host's own
//   certs.d/HOST[:PORT]/NAME.cert, .key    what to show when the registry asks who one is
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::registry {

struct Certificates {
  std::vector<std::string> authorities = {};  ///< paths of PEM files
  std::string client_certificate = {};        ///< a path; empty: none
  std::string client_key = {};
};

/// What is in one directory. Error: it cannot be read, or is not there; a certificate is there without its key, or the
/// other way.
Result<Certificates> certificates_in(const std::string& directory);

/// What there is for `authority` ("quay.io", "localhost:5000") in the first of `tops` that has a directory for it.
Result<Certificates> certificates_for(const std::vector<std::string>& tops, const std::string& authority);

/// The host's own authorities and these, as one PEM text. Error: a file cannot be read.
Result<std::string> authorities_text(const std::vector<std::string>& files);

/// Where the host's own are: SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL's programs know them, or libcurl's defaults.
/// Empty: none.
struct HostAuthorities {
  std::string file;
  std::string directory;
};
HostAuthorities host_authorities();

}  // namespace caisson::registry
