#include "transport/crew.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace caisson::transport {

Result<> in_threads(std::size_t count, std::size_t threads, const std::function<Result<>(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::optional<Error> first;
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      const Result<> done = work(i);
      if (done) continue;
      failed = true;
      const std::lock_guard lock(mutex);
      if (!first) first = done.error();
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(threads, count); ++i) others.emplace_back(take_turns);
    take_turns();
  }
  if (first) return fail(*std::move(first));
  return {};
}

}  // namespace caisson::transport
