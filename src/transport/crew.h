// A few threads that share a piece of work.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"

namespace caisson::transport {

/// Calls `work(0)` … `work(count - 1)`, at most `threads` at once. After an error no more of them are begun; the first
/// error is given back once all that were begun have ended.
Result<> in_threads(std::size_t count, std::size_t threads, const std::function<Result<>(std::size_t)>& work);

}  // namespace caisson::transport
