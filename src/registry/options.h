// What is said of registries in general, by options and by the environment.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "registry/credentials.h"
#include "registry/http.h"

namespace caisson::registry {

struct Options {
  std::optional<std::string> auth_file = {};     ///< --authfile: this one alone
  std::optional<Credentials> credentials = {};   ///< --creds: these, and no file's
  std::optional<bool> tls_verify = {};           ///< --tls-verify; nothing: as registries.conf says
  std::optional<std::string> certificates = {};  ///< --cert-dir: this directory instead of those in certs.d
  HttpLimits limits = {};

  /// Takes what a person should know; several threads may have something to say at once. Empty: nobody listens.
  std::function<void(std::string_view warning)> warn = {};
};

}  // namespace caisson::registry
