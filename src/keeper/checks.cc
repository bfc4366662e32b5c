#include "keeper/checks.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "keeper/pidfd.h"

namespace caisson::keeper {

namespace {

std::int64_t now_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

[[noreturn]] void execute(char* const* command) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) ::dup2(null, standard);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);  // the container's lock, above all
  ::execv(command[0], command);
  ::_exit(127);
}

}  // namespace

Checks::Checks(const CheckSettings& settings) : settings_(settings) {
  if (settings.command == nullptr) return;
  const std::int64_t now = now_ms();
  starting_until_ms_ = now + settings.start_period_ms;
  due_ms_ = now + (settings.start_period_ms > 0 ? settings.start_interval_ms : settings.interval_ms);
}

Checks::~Checks() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

int Checks::run_due() {
  if (settings_.command == nullptr || running_) return -1;
  const std::int64_t left = due_ms_ - now_ms();
  if (left > 0) return static_cast<int>(std::min<std::int64_t>(left, INT_MAX));
  start();
  return running_ ? -1 : 1000;
}

void Checks::start() {
  const pid_t child = ::fork();
  if (child == 0) execute(settings_.command);
  if (child < 0) return;
  pid_ = child;
  running_ = open_pidfd(child);
  if (!running_) reap();
}

void Checks::reap() {
  int status = -1;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  running_ = Fd();
  if (status == 0) starting_until_ms_ = 0;
  const std::int64_t now = now_ms();
  due_ms_ = now + (now < starting_until_ms_ ? settings_.start_interval_ms : settings_.interval_ms);
}

}  // namespace caisson::keeper
