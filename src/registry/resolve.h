// Which images a short name may be, and where an image of a name is (containers-registries.conf(5)). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/reference.h"
#include "registry/registries_conf.h"

namespace caisson::registry {

/// What a name may stand for, to be tried in this order.
struct Candidates {
  std::vector<image::Reference> references;  ///< with the tag latest, where nothing else is said; at least one
  std::string warning = {};                  ///< what a person should know of the choice; empty: nothing
};

/// `text` as an image's name. A short one is an alias, or below each registry of the search list; without a list it is
/// docker.io's. Error: it is no name; or it is ambiguous, and short-name-mode is "enforcing" (there is no prompt).
Result<Candidates> candidates(const RegistriesConf& conf, std::string_view text);

/// What a name without a registry may stand for among images that are here already, in podman's order: its alias,
/// localhost/NAME, below each registry of the search list, and docker.io's. Nobody has to choose: the first that is
/// here is meant.
Result<std::vector<image::Reference>> local_candidates(const RegistriesConf& conf, std::string_view text);

/// A place where an image is looked for.
struct Endpoint {
  image::Reference reference;  ///< by the name it has there
  bool is_insecure = false;    ///< plain HTTP, and TLS with any certificate, will do
};

/// Where to pull from: mirrors that are for such a name, and its own place at the end. Error: the name is blocked, or a
/// location makes no name of it.
Result<std::vector<Endpoint>> pull_endpoints(const RegistriesConf& conf, const image::Reference& reference);

/// Where to push to: what it is called, as podman has it. Error: the name is blocked.
Result<Endpoint> push_endpoint(const RegistriesConf& conf, const image::Reference& reference);

}  // namespace caisson::registry
