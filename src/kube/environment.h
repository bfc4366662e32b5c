// The variables of a manifest's container, and $(NAME) in what it says. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/model.h"

namespace caisson::kube {

/// What variables and volumes are made of.
struct Objects {
  std::map<std::string, std::map<std::string, std::string>> config_maps;  ///< name → data
  std::map<std::string, std::map<std::string, std::string>> secrets;
};

/// What is known of a pod once it has been made.
struct PodFacts {
  std::string uid;        ///< the pod's id
  std::string node_name;  ///< the host's own
  std::int64_t processors = 1;
  std::int64_t memory_bytes = 0;  ///< of the host
};

using Environment = std::vector<std::pair<std::string, std::string>>;

/// "$(NAME)" becomes the value of a variable that is there, "$$" a "$"; the rest stays as it is.
std::string expand(std::string_view text, const Environment& environment);

/// envFrom, then env, each in order; the last of a name counts. Errors, with file, document and path: a ConfigMap,
/// Secret or key that is not there; a field that is not known here.
Result<Environment> environment_of(const Pod& pod, const Container& container, const Objects& objects,
                                   const PodFacts& facts);

/// An error about a place of a pod's manifest: "web.yaml: document 1 (Pod web): line 7: spec.volumes[0]: …".
Error at(const Pod& pod, std::size_t line, const std::string& path, const std::string& what);

}  // namespace caisson::kube
