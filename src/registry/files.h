// Where the files about registries are, and what the host says in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/auth_file.h"
#include "registry/registries_conf.h"

namespace caisson::registry {

/// registries.conf and what is in registries.conf.d, put together: the caller's own ($XDG_CONFIG_HOME/containers) or
/// the host's (/etc/containers), as containers-registries.conf.d(5) has it; CONTAINERS_REGISTRIES_CONF names another.
/// Behind them the aliases that podman has remembered, in short-name-aliases.conf.
Result<RegistriesConf> read_registries_conf();

struct AuthPlace {
  std::string path;
  AuthFormat format = AuthFormat::kAuths;
  bool is_asked_for = false;  ///< by an option or by REGISTRY_AUTH_FILE: it has to be there
};

/// The files where credentials are looked for, in this order: `auth_file` or REGISTRY_AUTH_FILE alone; or auth.json
/// below $XDG_RUNTIME_DIR (/run/containers/UID without one) and below $XDG_CONFIG_HOME, docker's config.json and
/// .dockercfg. The first is that which login writes.
std::vector<AuthPlace> auth_places(const std::optional<std::string>& auth_file);

/// Its text; empty if it does not exist.
Result<std::string> read_auth_place(const AuthPlace& place);

/// The certs.d directories, the caller's own first.
std::vector<std::string> certificate_tops();

}  // namespace caisson::registry
