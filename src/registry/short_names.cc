#include "registry/short_names.h"

#include "registry/files.h"

namespace caisson::registry {

Result<std::vector<image::Reference>> short_names(const std::string& text) {
  return local_candidates(TRY(read_registries_conf()), text);
}

}  // namespace caisson::registry
