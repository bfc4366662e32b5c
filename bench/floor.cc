// The floor: the kernel-visible work of running `runc spec`'s default bundle, and nothing around it. What a container
// start costs above this is the runtime's own doing; below it no runtime can come that makes the same container. It
// does the same for what callers do in parts: create, start, delete; and exec.
//
// It trusts its root filesystem (paths in it are not resolved safely), reads no configuration and keeps no state.
// On cgroup v2 the device rules are left out: there they are a BPF program, which v1 has no counterpart of. A filter of
// system calls is read as the kernel takes it: compiling one is a runtime's own doing.
#include "floor_container.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "floor_report.h"

namespace caisson::bench {
namespace {

constexpr int kOwnFailure = 125;  // as docker's: the runtime failed, not the command

constexpr const char* kHelp =
    "usage: floor [OPTION]... ROOTFS COMMAND [ARGUMENT…]\n"
    "       floor [OPTION]... --exec PID COMMAND [ARGUMENT…]\n"
    "       floor --start FIFO\n"
    "       floor --name NAME --delete FIFO\n\n"
    "Runs COMMAND in a container like that of `runc spec`'s default config, with the fewest calls that make it.\n"
    "ROOTFS must hold the directories proc, dev and sys. The exit status is COMMAND's, 128 + the signal that\n"
    "ended it, or 125 if the container could not be made.\n\n"
    "  --timings       print on stderr what each part took\n"
    "  --name NAME     what its cgroups are called (floor-PID); at most 63 characters\n"
    "  --memory BYTES  a limit of its memory\n"
    "  --filter FILE   a filter of system calls, as an array of struct sock_filter\n"
    "  --create FIFO   leave the container behind, ready to start; FIFO is made\n"
    "  --pid-file FILE with --create: where its process id is written\n"
    "  --start FIFO    let the command of a created container begin\n"
    "  --exec PID      run COMMAND beside the process PID in its container, whose cgroups are called NAME\n"
    "  --delete FIFO   remove the cgroups NAME of a container that has ended, and FIFO\n";

struct Request {
  bool is_timed = false;
  const char* name = nullptr;
  const char* filter = nullptr;
  const char* create = nullptr;
  const char* pid_file = nullptr;
  const char* start = nullptr;
  const char* remove = nullptr;
  std::uint64_t memory_bytes = 0;
  std::uint64_t joined = 0;
  char** rest = nullptr;  ///< [ROOTFS] COMMAND…
};

bool parse_number(const char* text, std::uint64_t& number) {
  const char* end = text + strlen(text);
  const auto [after, error] = std::from_chars(text, end, number);
  return error == std::errc() && after == end && number != 0;
}

/// Whether the command line is one of those in kHelp.
bool parse(char** argument, Request& request) {
  for (; *argument != nullptr && (*argument)[0] == '-'; ++argument) {
    const std::string_view option = *argument;
    if (option == "--timings") {
      request.is_timed = true;
      continue;
    }
    const char* value = argument[1];
    if (value == nullptr) return false;
    ++argument;
    if (option == "--name") {
      if (strlen(value) > Cgroups::kLongestName) return false;
      request.name = value;
    } else if (option == "--filter") {
      request.filter = value;
    } else if (option == "--create") {
      request.create = value;
    } else if (option == "--pid-file") {
      request.pid_file = value;
    } else if (option == "--start") {
      request.start = value;
    } else if (option == "--delete") {
      request.remove = value;
    } else if (option == "--memory") {
      if (!parse_number(value, request.memory_bytes)) return false;
    } else if (option == "--exec") {
      if (!parse_number(value, request.joined)) return false;
    } else {
      return false;
    }
  }
  request.rest = argument;
  if (request.start != nullptr || request.remove != nullptr)
    return *argument == nullptr && (request.remove == nullptr || request.name != nullptr);
  if (request.joined != 0) return *argument != nullptr && request.name != nullptr;
  return *argument != nullptr && argument[1] != nullptr;
}

/// A filter as the kernel takes it, in a file. BPF_MAXINSNS is the most that it takes.
class FilterFile {
 public:
  bool read(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (!done(file, "open", path)) return false;
    const ssize_t length = ::read(file, instructions_.data(), sizeof instructions_);
    close(file);
    if (!done(length, "read", path)) return false;
    program_ = {.len = static_cast<unsigned short>(static_cast<std::size_t>(length) / sizeof(sock_filter)),
                .filter = instructions_.data()};
    return true;
  }
  const sock_fprog* program() const { return program_.len > 0 ? &program_ : nullptr; }

 private:
  std::array<sock_filter, BPF_MAXINSNS> instructions_;
  sock_fprog program_{};
};

/// Signals are looked at only where this process waits, so that the cgroups go whatever ends it.
struct Signals {
  sigset_t blocked;
  sigset_t before;

  bool block() {
    sigemptyset(&blocked);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&blocked, signal);
    return done(sigprocmask(SIG_BLOCK, &blocked, &before), "sigprocmask");
  }
};

/// Waits for `child`, which dies by any signal that asks this process to end. Returns a shell's exit status.
int wait_for(pid_t child, const sigset_t& blocked) {
  for (;;) {
    int status = 0;
    const pid_t reaped = wait4(child, &status, WNOHANG, nullptr);
    if (!done(reaped, "wait4")) return kOwnFailure;
    if (reaped == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const int signal = sigwaitinfo(&blocked, nullptr);
    if (signal > 0 && signal != SIGCHLD) kill(child, SIGKILL);
  }
}

/// A child in new namespaces (`flags`), with v2 born in its cgroup. -1, said, if there can be none.
long clone_into(const Cgroups& cgroups, std::uint64_t flags) {
  clone_args arguments{};
  arguments.flags = flags;
  arguments.exit_signal = SIGCHLD;
  if (cgroups.v2_cgroup() >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroups.v2_cgroup());
  }
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  done(child, "clone3", "a container's process");
  return child;
}

constexpr std::uint64_t kNamespaces = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;

std::uint64_t namespaces_for(const Cgroups& cgroups) {
  return cgroups.has_v1() ? kNamespaces : kNamespaces | CLONE_NEWCGROUP;
}

int run(const Request& request, const FilterFile& filter, Marks* marks) {
  pass(marks, "start");
  Signals signals;
  if (!signals.block()) return kOwnFailure;
  Cgroups cgroups(request.name);
  if (!cgroups.make(request.memory_bytes)) return kOwnFailure;
  pass(marks, "make the cgroups");

  const long child = clone_into(cgroups, namespaces_for(cgroups));
  if (child < 0) return kOwnFailure;
  if (child == 0) {
    become_container({.command = request.rest + 1,
                      .cgroups = cgroups,
                      .signals = signals.before,
                      .rootfs = request.rest[0],
                      .filter = filter.program()},
                     marks);
    _exit(kOwnFailure);
  }
  const int status = wait_for(static_cast<pid_t>(child), signals.blocked);
  pass(marks, "exec, exit, namespaces torn down");
  if (!cgroups.remove()) return kOwnFailure;
  pass(marks, "remove the cgroups");
  return status;
}

bool write_pid(const char* path, long pid) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (!done(file, "open", path)) return false;
  const Text text("%ld", pid);
  const bool is_written = done(write(file, text.text(), text.size()), "write", path);
  close(file);
  return is_written;
}

int create(const Request& request, const FilterFile& filter, Marks* marks) {
  pass(marks, "start");
  Signals signals;
  if (!signals.block()) return kOwnFailure;
  if (!done(mkfifo(request.create, 0600), "mkfifo", request.create)) return kOwnFailure;
  // Open for both, so that a reader waits and does not see an end before the starter has come.
  const int fifo = open(request.create, O_RDWR | O_CLOEXEC);
  int ready[2];
  if (!done(fifo, "open", request.create) || !done(pipe2(ready, O_CLOEXEC), "pipe2")) return kOwnFailure;
  Cgroups cgroups(request.name);
  if (!cgroups.make(request.memory_bytes)) return kOwnFailure;
  pass(marks, "make the cgroups");

  const long child = clone_into(cgroups, namespaces_for(cgroups));
  if (child < 0) return kOwnFailure;
  if (child == 0) {
    become_container({.command = request.rest + 1,
                      .cgroups = cgroups,
                      .signals = signals.before,
                      .rootfs = request.rest[0],
                      .filter = filter.program(),
                      .fifo = fifo,
                      .ready = ready[1]},
                     marks);
    _exit(kOwnFailure);
  }
  close(ready[1]);
  char is_ready = 0;
  const bool is_created =
      read(ready[0], &is_ready, 1) == 1 && (request.pid_file == nullptr || write_pid(request.pid_file, child));
  if (!is_created) {  // the child has said why
    kill(static_cast<pid_t>(child), SIGKILL);
    wait_for(static_cast<pid_t>(child), signals.blocked);
    unlink(request.create);
    return kOwnFailure;
  }
  pass(marks, "created");
  cgroups.keep();
  return 0;
}

int start(const char* path) {
  const int fifo = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  return done(fifo, "open", path) && done(write(fifo, "1", 1), "write", path) ? 0 : kOwnFailure;
}

int remove(const Request& request) {
  Cgroups cgroups(request.name);
  const bool all_gone = cgroups.find_to_remove() && cgroups.remove();
  return done(unlink(request.remove), "unlink", request.remove) && all_gone ? 0 : kOwnFailure;
}

int exec_in(const Request& request, const FilterFile& filter, Marks* marks) {
  pass(marks, "start");
  Signals signals;
  if (!signals.block()) return kOwnFailure;
  const Text pid("%llu", static_cast<unsigned long long>(request.joined));
  const int container = static_cast<int>(syscall(SYS_pidfd_open, request.joined, 0));
  Cgroups cgroups(request.name);
  if (!done(container, "pidfd_open", pid.text()) || !cgroups.find_to_join()) return kOwnFailure;
  if (!done(setns(container, CLONE_NEWPID), "setns", "process namespace")) return kOwnFailure;
  pass(marks, "find the container");

  const long child = clone_into(cgroups, 0);
  if (child < 0) return kOwnFailure;
  if (child == 0) {
    join_container({.command = request.rest,
                    .cgroups = cgroups,
                    .signals = signals.before,
                    .filter = filter.program(),
                    .joined = container},
                   marks);
    _exit(kOwnFailure);
  }
  const int status = wait_for(static_cast<pid_t>(child), signals.blocked);
  pass(marks, "exec, exit");
  return status;
}

int obey(const Request& request, Marks* marks) {
  if (request.start != nullptr) return start(request.start);
  if (request.remove != nullptr) return remove(request);
  FilterFile filter;
  if (request.filter != nullptr && !filter.read(request.filter)) return kOwnFailure;
  if (request.joined != 0) return exec_in(request, filter, marks);
  return request.create != nullptr ? create(request, filter, marks) : run(request, filter, marks);
}

}  // namespace
}  // namespace caisson::bench

int main(int, char** argv) {
  using namespace caisson::bench;
  Request request;
  if (!parse(argv + 1, request)) return fputs(kHelp, stderr), kOwnFailure;
  Marks* marks = nullptr;
  if (request.is_timed) {
    void* shared = mmap(nullptr, sizeof(Marks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return done(-1, "mmap"), kOwnFailure;
    marks = new (shared) Marks;
  }
  const int status = obey(request, marks);
  if (marks != nullptr) marks->print();
  return status;
}
