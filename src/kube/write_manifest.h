// A manifest written, of what is there. Pure.
#pragma once

#include <string>
#include <vector>

#include "kube/model.h"

namespace caisson::kube {

/// YAML of the documents, in the order of claims, pods. What a container of the model does not have is left out.
std::string write_manifest(const Manifest& manifest);

}  // namespace caisson::kube
