#include "sample.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace caisson::bench {
namespace {

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// The child: from here on nothing is allocated, and nothing can be reported but by an exit status.
[[noreturn]] void become(char* const* argv, int mount_namespace, uid_t user, int errors) {
  if (mount_namespace >= 0 && setns(mount_namespace, CLONE_NEWNS) != 0) _exit(127);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  if (user != 0 && (setgroups(0, nullptr) != 0 || setgid(user) != 0 || setuid(user) != 0)) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

// fork and not vfork: a child that shares the parent's memory until exec would be charged with the parent's peak.
Result<Sample> run_once(const Launch& launch, const Fd& errors) {
  std::vector<char*> argv;
  argv.reserve(launch.command.size() + 1);
  for (const std::string& word : launch.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const std::int64_t start_ns = now_ns();
  const pid_t child = fork();
  if (child < 0) return fail(os_error("fork", launch.command.front()));
  if (child == 0) become(argv.data(), launch.mount_namespace.get(), launch.user, errors.get());
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0)
    if (errno != EINTR) return fail(os_error("wait4", launch.command.front()));
  return Sample{.wall_ns = now_ns() - start_ns, .max_rss_kib = usage.ru_maxrss, .status = status};
}

Summary summarise(std::span<const Sample> samples) {
  std::vector<double> times_ms;
  std::int64_t max_rss_kib = 0;
  for (const Sample& sample : samples) {
    times_ms.push_back(static_cast<double>(sample.wall_ns) / 1e6);
    max_rss_kib = std::max(max_rss_kib, sample.max_rss_kib);
  }
  std::ranges::sort(times_ms);
  const auto quantile = [&](double part) {
    const double at = part * static_cast<double>(times_ms.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, times_ms.size() - 1);
    return std::lerp(times_ms[below], times_ms[above], at - std::floor(at));
  };
  return {.min_ms = times_ms.front(),
          .q1_ms = quantile(0.25),
          .median_ms = quantile(0.5),
          .q3_ms = quantile(0.75),
          .max_ms = times_ms.back(),
          .max_rss_kib = max_rss_kib};
}

}  // namespace caisson::bench
