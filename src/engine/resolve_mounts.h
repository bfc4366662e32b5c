// What the options of a new container name that is to be mounted: volumes, other containers, images. Looked up; nothing
// is made here but what an image has to be unpacked to.
#pragma once

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"
#include "engine/run_options.h"
#include "engine/source.h"
#include "engine/surroundings.h"

namespace caisson::engine {

/// The volumes of -v, --mount and --volumes-from. Errors, with the option: a container that is not there, a record that
/// cannot be read.
Result<> resolve_volumes(const RunOptions& options, const Places& places, Surroundings& around);

/// The images of --mount type=image, pulled and unpacked as `unpack` says. What it gives, if there are any, holds their
/// layers as Source::hold does. Errors as for SOURCE, with the option.
Result<Fd> resolve_images(const RunOptions& options, const Places& places, const LayerOwners& owners, Unpack unpack,
                          const Log& log, Surroundings& around);

}  // namespace caisson::engine
