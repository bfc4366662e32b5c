// Which failures of requests are worth another try, and how long to wait before it.
#pragma once

#include <functional>
#include <string>

#include "registry/http.h"

namespace caisson::registry {

/// True for a connection that was cut or could not be made again, and for answers that are no final word: 408, 429,
/// 500, 502, 503 and 504.
bool is_worth_another_try(const HttpOutcome& outcome);

/// Counts the tries of one thing.
class Patience {
 public:
  explicit Patience(const HttpLimits& limits) : limits_(limits) {}

  /// Waits before the next try; false, at once, if there is to be none: it is not worth one, there were enough, or the
  /// registry asks for more time than is given to it.
  bool wait_after(const HttpOutcome& outcome);

  /// Something was gained: the tries are counted anew.
  void gained() { tries_ = 0; }

 private:
  HttpLimits limits_;
  int tries_ = 0;
};

/// Makes `attempt` until it succeeds or patience ends.
HttpOutcome persist(const HttpLimits& limits, const std::function<HttpOutcome()>& attempt);

}  // namespace caisson::registry
