// A container's processes as files, from which it goes on another time, or elsewhere.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "runtime/criu_arguments.h"
#include "runtime/state.h"
#include "spec/config.h"

namespace caisson::runtime {

/// Has criu write the images of `container` to CriuOptions::image_path, which is made where it is missing. Unless it is
/// left running (or its memory alone is dumped), its processes end with it, and the container is removed, as runc does.
///
/// Errors, in runc's words: "Container cannot be checkpointed in stopped state", "--parent-path must be relative"; criu
/// is not installed; what it last complained of.
Result<> checkpoint(const StateRoot& root, const Container& container, CriuDumpOptions options, const Log& log);

/// The file with options of criu's own for a container (its annotation org.criu.config; else one of this program's, or
/// runc's, in /etc/criu). Empty: none. Error: the annotation names one that is not there.
Result<std::string> criu_config_file(const spec::Config& config);

/// The name that an external namespace has in the images: "extRootNetNS". Empty: criu is not told of this type.
std::string_view external_namespace_key(spec::NamespaceType type);

}  // namespace caisson::runtime
