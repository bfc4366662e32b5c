// The text of a manifest → what it says. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/fields.h"
#include "kube/model.h"

namespace caisson::kube {

struct Reading {
  Manifest manifest;
  std::vector<std::string> errors;    ///< what is wrong, unknown or not supported: all of it
  std::vector<std::string> warnings;  ///< what has no effect here
};

/// Reads all documents of `text`; `file` is what it is called in findings ("web.yaml"). A document of a kind that there
/// is not here is a warning; a manifest of those alone an error.
Reading read_manifest(std::string_view text, const std::string& file);

/// The spec of a Pod, or of a Deployment's template.
PodSpec read_pod_spec(Fields& spec);

std::vector<Volume> read_volumes(Fields& spec);

/// RFC 4648 with line breaks; nothing for what is none.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace caisson::kube
