// peak FILE COMMAND…: runs COMMAND, an absolute path, and writes into FILE the largest resident set, in KiB, that it or
// one process below it had. The exit status is COMMAND's.
//
// A process is charged with the peak of the program that forked it (setrlimit's ru_maxrss survives exec, getrusage(2)):
// this program is there to be a small one.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) return 125;
  // Whoever is orphaned below is waited for here.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return 125;
  const pid_t child = fork();
  if (child < 0) return 125;
  if (child == 0) {
    execv(argv[2], argv + 2);
    _exit(127);
  }
  int status = 125 << 8;
  long most_kib = 0;
  for (;;) {
    int ended = 0;
    rusage usage{};
    const pid_t reaped = wait4(-1, &ended, 0, &usage);
    if (reaped < 0) break;
    if (reaped == child) status = ended;
    most_kib = std::max(most_kib, usage.ru_maxrss);
  }
  const int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  char text[24];
  const int length = snprintf(text, sizeof text, "%ld", most_kib);
  if (file < 0 || write(file, text, static_cast<unsigned>(length)) != length) return 125;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
