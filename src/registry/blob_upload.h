// One blob into a registry: in one piece, and after a cut connection from where the registry has it.
//
//   POST  …/blobs/uploads/         202, Location              where the upload is from now on: it changes
//   PATCH LOCATION  the bytes      202, Location
//   GET   LOCATION                 204, Range: 0-N            after a cut: what has come
//   PUT   LOCATION?digest=…        201
#pragma once

#include "base/result.h"
#include "image/descriptor.h"
#include "registry/session.h"

namespace caisson::registry {

/// Begins an upload at `uploads`, which may ask with "mount=…&from=…" for what is there already. Nothing: it was.
Result<std::optional<Url>> begin_upload(Session& session, const Scopes& scopes, const Url& uploads);

/// Sends a blob of `file` to the upload that has begun at `location`. Error: the registry does not take it; the upload
/// is taken back then, as far as it can be.
Result<> upload_blob(Session& session, const Scopes& scopes, Url location, const image::Descriptor& blob, int file);

}  // namespace caisson::registry
