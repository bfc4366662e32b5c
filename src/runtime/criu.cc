#include "runtime/criu.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"
#include "runtime/cgroup_options.h"
#include "runtime/criu_arguments.h"

namespace caisson::runtime {

namespace {

constexpr std::string_view kUsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// What the process that becomes criu does before. Its complaint goes where criu's own go.
class Preparation {
 public:
  Preparation(const CriuRun& run, int output) : run_(run), output_(output) {}

  [[noreturn]] void become(const std::string& program, char* const* arguments, int go) {
    char byte = 0;
    if (::read(go, &byte, 1) != 1) ::_exit(1);  // nobody waits for it any more
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none,
                  nullptr);  // what this process holds back is not to be held back by who is restored
    for (const std::string& cgroup : run_.cgroups) join(cgroup + "/cgroup.procs");
    if (!run_.root.empty()) mount_root();
    connect();
    for (const int descriptor : run_.descriptors) ::fcntl(descriptor, F_SETFD, 0);
    ::execv(program.c_str(), arguments);
    give_up("execve", program);
  }

 private:
  void join(const std::string& file) {
    const Fd opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!opened || ::write(opened.get(), "0", 1) < 0) give_up("write", file);
  }

  // criu wants a root that is a mount point below nothing that is mounted over. Nobody else sees this one.
  void mount_root() {
    if (::unshare(CLONE_NEWNS) != 0) give_up("unshare", "CLONE_NEWNS");
    if (::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) give_up("mount", "/");
    if (::mount(run_.rootfs.c_str(), run_.root.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      give_up("mount", run_.rootfs);
  }

  void connect() {
    if (!run_.keeps_input) {
      const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!null || ::dup2(null.get(), 0) < 0) give_up("open", "/dev/null");
    }
    if (::dup2(output_, 1) < 0 || ::dup2(output_, 2) < 0) give_up("dup2", "output");
  }

  [[noreturn]] void give_up(std::string_view call, std::string_view operand) {
    const Error error = os_error(std::string(call), std::string(operand));
    (void)kernel::write_all(output_, fmt::format("Error (caisson-oci): {}\n", error.text()), "output");
    ::_exit(1);
  }

  const CriuRun& run_;
  int output_;
};

std::string first_line_of(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) return std::string(line);
  }
  return {};
}

std::string content_of(const Fd& file) {
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return kernel::read_all(file.get(), "criu's output").value_or("");
}

Error failure(const CriuRun& run, const std::string& output, int status) {
  std::string why = criu_complaints(kernel::read_file(run.log).value_or(""));
  const bool has_log = !why.empty();
  if (why.empty()) why = criu_complaints(output);
  if (why.empty()) why = first_line_of(output);
  if (why.empty()) {
    why = WIFSIGNALED(status) ? fmt::format("it was ended by signal {}", WTERMSIG(status))
                              : fmt::format("its exit status is {}", WEXITSTATUS(status));
  }
  return complaint(fmt::format("criu {} failed: {}", run.arguments.at(1), why),
                   has_log ? fmt::format("{} has all that it says", run.log) : "");
}

}  // namespace

Result<std::string> find_criu() {
  const char* path = ::getenv("PATH");
  for (const std::string_view directory : split(path == nullptr ? kUsualPath : std::string_view(path), ':')) {
    const std::string program = fmt::format("{}/criu", directory.empty() ? "." : directory);
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return fail(complaint("criu is not installed: no such program in PATH",
                        "checkpoint and restore are criu's work: install the package criu"));
}

Result<CriuProcess> CriuProcess::begin(CriuRun run) {
  const std::string program = TRY(find_criu());
  std::optional<CriuBarrier> barrier;
  if (run.stops_at_namespaces) {
    barrier = TRY(CriuBarrier::make());
    run.arguments.insert(run.arguments.end(), {"--action-script", barrier->script()});
  }
  std::vector<std::string> words = run.arguments;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  Fd output(::memfd_create("criu", MFD_CLOEXEC));
  if (!output) return fail(os_error("memfd_create", "criu"));
  kernel::Pipe go = TRY(kernel::make_pipe());
  ::unlink(run.log.c_str());  // of a former run

  const pid_t pid = ::fork();
  if (pid < 0) return fail(os_error("fork", "criu"));
  if (pid == 0) {
    go.write = Fd();
    Preparation(run, output.get()).become(program, arguments.data(), go.read.get());
  }
  if (run.status_fd >= 0) ::close(run.status_fd);
  return CriuProcess(std::move(run), pid, std::move(output), std::move(go.write), std::move(barrier));
}

CriuProcess::~CriuProcess() {
  if (!go_) return;  // run, or moved from
  go_ = Fd();
  (void)kernel::wait_for(pid_);
}

Result<> CriuProcess::run(const std::function<Result<>(pid_t)>& at_namespaces) {
  const Fd process = TRY(kernel::open_process(TRY(kernel::identify(pid_))));
  const CgroupOptions options = CgroupOptions::read();
  TRY(kernel::write_all(go_.get(), "1", "criu"));
  go_ = Fd();
  Result<> done;
  if (barrier_) {
    if (const std::optional<pid_t> first = barrier_->await(process.get())) {
      done = at_namespaces(*first);
      barrier_->open(done ? CriuBarrier::Way::kOn : CriuBarrier::Way::kBack);
    }
  }
  const int status = TRY(kernel::wait_for(pid_));
  TRY(options.restore());
  if (!done || status == 0) return done;
  return fail(failure(run_, content_of(output_), status));
}

}  // namespace caisson::runtime
