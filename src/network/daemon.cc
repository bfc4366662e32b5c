#include "network/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/files.h"

namespace caisson::network {

namespace {

[[noreturn]] void become(const Daemon& daemon, char* const* words, int null) {
  ::dup2(null, 0);
  for (const int stream : {1, 2}) ::dup2(daemon.output < 0 ? null : daemon.output, stream);
  const bool has_ready = daemon.ready >= 0;
  if (daemon.ready == kDaemonReady)
    ::fcntl(kDaemonReady, F_SETFD, 0);
  else if (has_ready)
    ::dup2(daemon.ready, kDaemonReady);
  ::close_range(has_ready ? kDaemonReady + 1 : kDaemonReady, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(daemon.directory.c_str()) == 0) ::execv(words[0], words);
  ::_exit(127);
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

}  // namespace

Result<> in_background(int descriptor, const std::function<void()>& work) {
  return as_childs_child([&] {
    if (descriptor > 0) ::close_range(0, static_cast<unsigned>(descriptor) - 1, 0);
    ::close_range(static_cast<unsigned>(descriptor + 1), ~0U, 0);
    work();
  });
}

Result<> start_daemon(const Daemon& daemon) {
  std::vector<std::string> copies = daemon.words;
  std::vector<char*> words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  const Fd null = TRY(kernel::open_file("/dev/null", O_RDWR));
  return as_childs_child([&] { become(daemon, words.data(), null.get()); });
}

}  // namespace caisson::network
