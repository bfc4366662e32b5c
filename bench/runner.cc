#include "runner.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace caisson::bench {

Result<> Runner::forget() const {
  if (ftruncate(errors_.get(), 0) != 0) return fail(os_error("ftruncate", "standard error of a run"));
  return {};
}

Result<> Runner::check(const Launch& launch, const Sample& sample) const {
  if (sample.status == 0) return {};
  std::array<char, 400> said{};
  const ssize_t length = pread(errors_.get(), said.data(), said.size(), 0);
  const std::string_view words(said.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  const int code = WIFEXITED(sample.status) ? WEXITSTATUS(sample.status) : 128 + WTERMSIG(sample.status);
  return fail(in(launch.command.front(), complaint(fmt::format("exit status {}: {}", code, cut(words, '\n').head))));
}

Result<Sample> Runner::run(const Launch& launch, std::chrono::milliseconds patience) const {
  TRY(forget());
  const Sample sample = TRY(run_once(launch, errors_, patience));
  TRY(check(launch, sample));
  return sample;
}

Result<Sample> Runner::run_together(const std::vector<Launch>& launches) const {
  TRY(forget());
  std::vector<pid_t> processes;
  processes.reserve(launches.size());
  std::optional<Error> first_error;
  const std::int64_t start_ns = monotonic_ns();
  for (const Launch& launch : launches) {
    auto process = start(launch, errors_);
    if (process)
      processes.push_back(*process);
    else if (!first_error)
      first_error = process.error();
  }
  Sample all{};
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const auto sample = await(processes[i], kPatience);
    const auto outcome = sample ? check(launches[i], *sample) : Result<>(fail(sample.error()));
    if (!outcome && !first_error) first_error = outcome.error();
    if (sample) all.max_rss_kib = std::max(all.max_rss_kib, sample->max_rss_kib);
  }
  all.wall_ns = monotonic_ns() - start_ns;
  if (first_error) return fail(std::move(*first_error));
  return all;
}

}  // namespace caisson::bench
