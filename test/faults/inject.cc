// Runs a command with one fault in it: the system call at a point of its own, or of a process that it made, fails; or a
// process is killed there. For test/faults/sweep.py.
//
//     inject [OPTION…] -- COMMAND [ARGUMENT…]
//
//     --list FILE                 writes each point that is passed, a line each: PROCESS CALL NTH
//     --fail PROCESS:CALL:NTH:ERRNO   the call is not made, and gives this error number
//     --kill PROCESS:CALL:NTH:VICTIM  process VICTIM is killed when PROCESS is about to make the call
//     --report FILE               writes "hit" if the point was reached, and "hang" if the time was over
//     --limit SECONDS             everything that is left then is killed (20)
//     --as ID                     COMMAND is run by this user and group, an ordinary one (the caller)
//     --leave                     what the command leaves running goes on, and is not waited for
//
// A process is named by its birth: 0 the command, 0.0 its first child, 0.0.1 the second child of that one; so a point
// has the same name in every run, whatever the scheduler does. A process counts for as long as its program is one of
// caisson's. The exit status is the command's, or 128 + n for signal n.
#include <fcntl.h>
#include <grp.h>
#include <linux/elf.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct CallName {
  long number;
  const char* name;
};
constexpr CallName kCallNames[] = {
#include "call_names.inc"  // {SYS_read, "read"}, …: made by the build
};
constexpr unsigned long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

std::string call_name(std::uint64_t number) {
  const auto* found = std::find_if(std::begin(kCallNames), std::end(kCallNames),
                                   [&](const CallName& row) { return row.number == static_cast<long>(number); });
  return found == std::end(kCallNames) ? std::to_string(number) : found->name;
}

struct Point {
  std::string process;
  std::string call;
  int nth = 0;
  std::string last;  // the error number, or the victim
};

struct Request {
  std::optional<Point> fail;
  std::optional<Point> kill;
  std::string list;
  std::string report;
  int limit_s = 20;
  bool leave = false;
  std::optional<uid_t> id;
  char** command = nullptr;
};

struct Traced {
  std::string name;
  bool counted = false;  // its program is one of caisson's
  int children = 0;
  std::map<std::string, int> calls;
  bool in_fault = false;  // the call that it makes is the one that fails
};

[[noreturn]] void give_up(const char* what) {
  ::perror(what);
  ::exit(125);
}

#if defined(__x86_64__)
constexpr std::size_t kRegisters = 27;
constexpr std::size_t kResult = 10;  // rax
constexpr std::size_t kNumber = 15;  // orig_rax
#elif defined(__aarch64__)
constexpr std::size_t kRegisters = 34;
constexpr std::size_t kResult = 0;  // x0
#endif

void set_register(pid_t pid, std::size_t index, std::uint64_t value) {
  std::array<std::uint64_t, kRegisters> registers{};
  struct iovec data{registers.data(), sizeof registers};
  if (::ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &data) != 0) return;
  registers.at(index) = value;
  ::ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &data);
}

void skip_call(pid_t pid) {
#if defined(__x86_64__)
  set_register(pid, kNumber, static_cast<std::uint64_t>(-1));
#elif defined(__aarch64__)
  int none = -1;
  struct iovec data{&none, sizeof none};
  ::ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &data);
#endif
}

void become(uid_t id) {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0)
    give_up("setresuid");
}

using FileId = std::pair<dev_t, ino_t>;

std::optional<FileId> file_id(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId(status.st_dev, status.st_ino);
}

class Injector {
 public:
  explicit Injector(const Request& request) : request_(request) {
    const std::filesystem::path program = request.command[0];
    for (const char* name : {"monitor", "transfer", "init"}) {
      if (const auto id = file_id(program.parent_path() / "../libexec/caisson" / name)) programs_.push_back(*id);
    }
    if (const auto id = file_id(program)) programs_.push_back(*id);
  }

  int run() {
    if (!request_.list.empty()) list_ = ::fopen(request_.list.c_str(), "we");
    start();
    follow();
    if (!request_.report.empty()) {
      std::FILE* report = ::fopen(request_.report.c_str(), "we");
      if (report == nullptr) give_up(request_.report.c_str());
      ::fprintf(report, "%s%s", hit_ ? "hit\n" : "", hung_ ? "hang\n" : "");
      ::fclose(report);
    }
    if (list_ != nullptr) ::fclose(list_);
    return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  }

 private:
  void start() {
    int gate[2];
    if (::pipe2(gate, O_CLOEXEC) != 0) give_up("pipe2");
    main_ = ::fork();
    if (main_ < 0) give_up("fork");
    if (main_ == 0) {
      char go = 0;
      ::close(gate[1]);
      (void)!::read(gate[0], &go, 1);
      if (request_.id) become(*request_.id);
      ::execvp(request_.command[0], request_.command);
      give_up(request_.command[0]);
    }
    ::close(gate[0]);
    if (::ptrace(PTRACE_SEIZE, main_, 0, kOptions) != 0) give_up("PTRACE_SEIZE");
    traced_[main_].name = "0";
    ::close(gate[1]);
  }

  void follow() {
    struct sigaction on_alarm{};  // without SA_RESTART: it interrupts the wait
    on_alarm.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &on_alarm, nullptr);
    ::alarm(static_cast<unsigned>(request_.limit_s));
    while (!traced_.empty() && !(request_.leave && ended_)) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, __WALL);
      if (pid > 0) {
        take(pid, status);
      } else if (errno == EINTR) {
        end_all();
      } else {
        return;
      }
    }
    for (const auto& [pid, process] : traced_) {  // PTRACE_O_EXITKILL would take them along
      ::ptrace(PTRACE_INTERRUPT, pid, 0, 0);
      int status = 0;
      ::waitpid(pid, &status, __WALL);
      ::ptrace(PTRACE_DETACH, pid, 0, 0);
    }
  }

  void end_all() {
    hung_ = true;
    for (const auto& [pid, process] : traced_) {
      ::fprintf(stderr, "inject: process %s still runs: pid %d\n", process.name.c_str(), pid);
      ::kill(pid, SIGKILL);
    }
  }

  void take(pid_t pid, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (pid == main_) {
        status_ = status;
        ended_ = true;
      }
      traced_.erase(pid);
      unborn_.erase(pid);
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        killed_ = true;
        adopt_unborn();
      }
      return;
    }
    if (!WIFSTOPPED(status)) return;
    if (!traced_.contains(pid)) {  // its parent has not been heard yet
      unborn_[pid] = status;
      if (killed_) adopt_unborn();
      return;
    }
    stopped(pid, status);
  }

  // Who is killed while it makes a process may not report it any more: that one would stand here for ever.
  void adopt_unborn() {
    for (const auto& [pid, status] : std::exchange(unborn_, {})) {
      traced_[pid].name = "?";
      stopped(pid, status);
    }
  }

  void stopped(pid_t pid, int status) {
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    Traced& process = traced_[pid];
    if (signal == (SIGTRAP | 0x80)) {
      at_call(pid, process);
    } else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
      unsigned long child = 0;
      ::ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
      const auto [born, is_new] = traced_.try_emplace(static_cast<pid_t>(child));
      born->second.name = process.name + "." + std::to_string(process.children++);
      if (is_new) born->second.counted = process.counted;
      if (const auto early = unborn_.find(static_cast<pid_t>(child)); early != unborn_.end()) {
        const int first = early->second;
        unborn_.erase(early);
        stopped(static_cast<pid_t>(child), first);
      }
    } else if (event == PTRACE_EVENT_EXEC) {
      process.counted = is_ours(pid);
      if (!process.counted) {
        ::ptrace(PTRACE_DETACH, pid, 0, 0);
        traced_.erase(pid);
        return;
      }
    } else if (event == PTRACE_EVENT_STOP) {
      const bool group = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
      ::ptrace(group ? PTRACE_LISTEN : PTRACE_SYSCALL, pid, 0, 0);
      return;
    } else if (event == 0) {
      ::ptrace(PTRACE_SYSCALL, pid, 0, signal);
      return;
    }
    ::ptrace(PTRACE_SYSCALL, pid, 0, 0);
  }

  // By the file itself: a program that is executed from a detached mount has no path.
  bool is_ours(pid_t pid) const {
    const std::optional<FileId> program = file_id("/proc/" + std::to_string(pid) + "/exe");
    return program && std::find(programs_.begin(), programs_.end(), *program) != programs_.end();
  }

  // fcntl(2) is several calls, of which only those that make a descriptor can fail.
  static std::string name_of(const __ptrace_syscall_info& info) {
    const bool duplicates = info.entry.args[1] == F_DUPFD || info.entry.args[1] == F_DUPFD_CLOEXEC;
    return info.entry.nr == SYS_fcntl && !duplicates ? "fcntl_flags" : call_name(info.entry.nr);
  }

  void at_call(pid_t pid, Traced& process) {
    struct __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && process.in_fault) {
      process.in_fault = false;
      set_register(pid, kResult, static_cast<std::uint64_t>(-std::int64_t{std::stoi(request_.fail->last)}));
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !process.counted) return;
    const std::string call = name_of(info);
    const int nth = ++process.calls[call];
    if (list_ != nullptr) ::fprintf(list_, "%s %s %d\n", process.name.c_str(), call.c_str(), nth);
    const auto is_here = [&](const std::optional<Point>& point) {
      return point && !hit_ && point->process == process.name && point->call == call && point->nth == nth;
    };
    if (is_here(request_.fail)) {
      hit_ = process.in_fault = true;
      skip_call(pid);
    }
    if (is_here(request_.kill)) {
      hit_ = true;
      for (const auto& [victim, other] : traced_) {
        if (other.name == request_.kill->last) ::kill(victim, SIGKILL);
      }
    }
  }

  const Request& request_;
  std::FILE* list_ = nullptr;
  pid_t main_ = 0;
  int status_ = 0;
  bool ended_ = false;
  bool hit_ = false;
  bool hung_ = false;
  bool killed_ = false;  // some process was
  std::vector<FileId> programs_;
  std::map<pid_t, Traced> traced_;
  std::map<pid_t, int> unborn_;
};

std::optional<Point> read_point(const std::string& text) {
  std::array<std::string, 4> parts;
  std::size_t begin = 0;
  for (std::string& part : parts) {
    const std::size_t colon = text.find(':', begin);
    part = text.substr(begin, colon - begin);
    begin = colon == std::string::npos ? text.size() : colon + 1;
  }
  return Point{parts[0], parts[1], std::stoi(parts[2]), parts[3]};
}

std::optional<Request> read_command_line(char** argument) {
  Request request;
  for (; *argument != nullptr; ++argument) {
    const std::string_view option = *argument;
    if (option == "--") {
      request.command = argument + 1;
      return *request.command != nullptr ? std::optional(request) : std::nullopt;
    }
    if (option == "--leave") {
      request.leave = true;
      continue;
    }
    if (argument[1] == nullptr) return std::nullopt;
    const std::string value = *++argument;
    if (option == "--list") {
      request.list = value;
    } else if (option == "--fail") {
      request.fail = read_point(value);
    } else if (option == "--kill") {
      request.kill = read_point(value);
    } else if (option == "--report") {
      request.report = value;
    } else if (option == "--as") {
      request.id = static_cast<uid_t>(std::stoul(value));
    } else if (option == "--limit") {
      request.limit_s = std::stoi(value);
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

int main(int, char** argv) {
  const std::optional<Request> request = read_command_line(argv + 1);
  if (!request) {
    ::fputs("inject: wrong command line: see the top of inject.cc\n", stderr);
    return 125;
  }
  return Injector(*request).run();
}
