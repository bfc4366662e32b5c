#include "sample.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace caisson::bench {
namespace {

/// The child: from here on nothing is allocated, and nothing can be reported but by an exit status.
[[noreturn]] void become(char* const* argv, int mount_namespace, uid_t user, int errors) {
  setpgid(0, 0);  // what a terminal's Ctrl-C asks of the caller is not asked of what it measures
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

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// fork and not vfork: a child that shares the parent's memory until exec would be charged with the parent's peak.
Result<pid_t> start(const Launch& launch, const Fd& errors) {
  std::vector<char*> argv;
  argv.reserve(launch.command.size() + 1);
  for (const std::string& word : launch.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int mount_namespace = launch.mount_namespace ? launch.mount_namespace->get() : -1;
  const pid_t child = fork();
  if (child < 0) return fail(os_error("fork", launch.command.front()));
  if (child == 0) become(argv.data(), mount_namespace, launch.user, errors.get());
  return child;
}

Result<Sample> await(pid_t process, std::chrono::milliseconds patience) {
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
  const bool is_in_time = !handle || poll(&ended, 1, static_cast<int>(patience.count())) != 0;
  if (!is_in_time) {
    kill(-process, SIGKILL);
    kill(process, SIGKILL);
  }
  int status = 0;
  rusage usage{};
  while (wait4(process, &status, 0, &usage) < 0)
    if (errno != EINTR) return fail(os_error("wait4", std::to_string(process)));
  if (!is_in_time) return fail(complaint(fmt::format("not done after {} ms: killed", patience.count())));
  return Sample{.wall_ns = 0, .max_rss_kib = usage.ru_maxrss, .status = status};
}

Result<Sample> run_once(const Launch& launch, const Fd& errors, std::chrono::milliseconds patience) {
  const std::int64_t start_ns = monotonic_ns();
  const pid_t child = TRY(start(launch, errors));
  Sample sample = TRY(await(child, patience));
  sample.wall_ns = monotonic_ns() - start_ns;
  return sample;
}

Summary summarise(std::vector<double> values) {
  std::ranges::sort(values);
  const auto quantile = [&](double part) {
    const double at = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], at - std::floor(at));
  };
  return {
      .min = values.front(), .q1 = quantile(0.25), .median = quantile(0.5), .q3 = quantile(0.75), .max = values.back()};
}

}  // namespace caisson::bench
