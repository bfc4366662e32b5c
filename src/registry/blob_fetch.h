// One blob, from a byte on to its end, over however many connections that takes.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "image/descriptor.h"
#include "registry/http.h"
#include "transport/source.h"

namespace caisson::registry {

using SendRequest = std::function<HttpOutcome(HttpRequest)>;

/// A failure with the status of the answer that was the last word; 0: there was none.
struct FetchFailure {
  Error error;
  long status = 0;
};

/// Feeds `sink` with what is at `url` from `offset` on, as transport::Source::blob() has it. A connection that is cut
/// is followed by one from there on (RFC 9110, section 14), as long as something new comes; who cannot give parts, or
/// gives other parts than were asked for, gives all from the start.
std::expected<void, FetchFailure> fetch_blob(const HttpLimits& limits, const SendRequest& send, const Url& url,
                                             const image::Descriptor& blob, std::int64_t offset, transport::Sink& sink);

}  // namespace caisson::registry
