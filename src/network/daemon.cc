#include "network/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"

namespace caisson::network {

namespace {

// The words of a command line, as execve(2) takes them.
struct Words {
  explicit Words(const Daemon& daemon) : copies(daemon.words) {
    for (std::string& word : copies) pointers.push_back(word.data());
    pointers.push_back(nullptr);
  }
  std::vector<std::string> copies;
  std::vector<char*> pointers;
};

[[noreturn]] void give_up(const Error& error) {
  (void)kernel::write_all(2, error.text() + "\n", "its output");
  ::_exit(127);
}

[[noreturn]] void become(const Daemon& daemon, const Words& words, int null) {
  ::dup2(null, 0);
  for (const int stream : {1, 2}) ::dup2(daemon.output < 0 ? null : daemon.output, stream);
  if (::chdir(daemon.directory.c_str()) != 0) give_up(os_error("chdir", daemon.directory));
  if (daemon.enter) {
    if (const Result<> entered = daemon.enter(); !entered) give_up(entered.error());
  }
  std::vector<int> given;  // out of the way of each other
  for (const int fd : daemon.given) given.push_back(::fcntl(fd, F_DUPFD, kFirstGiven + daemon.given.size()));
  int next = kFirstGiven;
  for (const int fd : given) ::dup2(fd, next++);
  ::close_range(static_cast<unsigned>(next), ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(words.pointers[0], words.pointers.data());
  give_up(os_error("execve", words.copies[0]));
}

Result<> as_childs_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child < 0) return fail(os_error("fork", "a process in the background"));
  if (child == 0) {
    if (::setsid() < 0 || ::fork() != 0) ::_exit(0);
    work();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  return {};
}

// False if others still hold the other end after `patience_ms`.
bool read_until_closed(int fd, int patience_ms, std::string& text) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(patience_ms);
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    if (left <= 0 || kernel::retry([&] { return ::poll(&waiting, 1, static_cast<int>(left)); }) != 1) return false;
    const ssize_t size = kernel::retry([&] { return ::read(fd, buffer.data(), buffer.size()); });
    if (size <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

Result<> in_background(int descriptor, const std::function<void()>& work) {
  return as_childs_child([&] {
    if (descriptor > 0) ::close_range(0, static_cast<unsigned>(descriptor) - 1, 0);
    ::close_range(static_cast<unsigned>(descriptor + 1), ~0U, 0);
    work();
  });
}

Result<> start_daemon(const Daemon& daemon) {
  const Words words(daemon);
  const Fd null = TRY(kernel::open_file("/dev/null", O_RDWR));
  return as_childs_child([&] { become(daemon, words, null.get()); });
}

Result<Outcome> start_until_ready(const Daemon& daemon, int patience_ms) {
  const Words words(daemon);
  const Fd null = TRY(kernel::open_file("/dev/null", O_RDWR));
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  const pid_t child = ::fork();
  if (child < 0) return fail(os_error("fork", words.copies[0]));
  if (child == 0) {
    ::setsid();
    Daemon told = daemon;
    told.output = pipe.write.get();
    become(told, words, null.get());
  }
  pipe.write = Fd();
  Outcome outcome;
  const bool has_ended = read_until_closed(pipe.read.get(), patience_ms, outcome.said);
  if (!has_ended) ::kill(child, SIGKILL);
  const int status = TRY(kernel::wait_for(child));
  outcome.is_ready = has_ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return outcome;
}

}  // namespace caisson::network
