#include "image/transfer_child.h"

#include <array>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace caisson::image {

namespace {

struct Child {
  pid_t pid;
  Fd report;  // what it says
};

// As posix_spawn would, in a child that is root of a user namespace.
Result<pid_t> spawn_in(const kernel::IdMaps& maps, char* const* arguments, int report) {
  const pid_t pid = TRY(kernel::fork_in_user_namespace(maps));
  if (pid != 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (report == kReportDescriptor) ::fcntl(report, F_SETFD, 0);
  ::dup2(report, kReportDescriptor);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

Result<Child> spawn(const std::vector<std::string>& words, const std::optional<kernel::IdMaps>& user_namespace) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(os_error("pipe2", words[0]));
  Fd read_end(ends[0]);
  const Fd write_end(ends[1]);

  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  if (user_namespace) {
    return Child{TRY(spawn_in(*user_namespace, arguments.data(), write_end.get())), std::move(read_end)};
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), kReportDescriptor);
  // Signals that the caller waits for by descriptor would otherwise stay blocked in the child: Ctrl-C has to end it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  errno = ::posix_spawn(&pid, words[0].c_str(), &actions, &attributes, arguments.data(), environ);
  const Error failure = os_error("posix_spawn", words[0]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure.number != 0) return fail(failure);
  return Child{pid, std::move(read_end)};
}

Result<std::string> read_all(int fd) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t length = ::read(fd, piece.data(), piece.size());
    if (length == 0) return text;
    if (length > 0) text.append(piece.data(), static_cast<std::size_t>(length));
    if (length < 0 && errno != EINTR) return fail(os_error("read", "what the transfer program says"));
  }
}

Result<int> reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail(os_error("waitpid", "transfer"));
  }
  return status;
}

Result<std::string> run_for_digest(const std::vector<std::string>& words,
                                   const std::optional<kernel::IdMaps>& user_namespace, const std::string& doing,
                                   const Log& log) {
  return TRY(run_transfer(words, user_namespace, doing, log)).digest;
}

}  // namespace

Result<Report> run_transfer(const std::vector<std::string>& words, const std::optional<kernel::IdMaps>& user_namespace,
                            const std::string& doing, const Log& log) {
  Child child = TRY(spawn(words, user_namespace));
  const Result<std::string> text = read_all(child.report.get());
  child.report = Fd();
  const int status = TRY(reap(child.pid));
  if (WIFSIGNALED(status)) {
    const char* signal = sigabbrev_np(WTERMSIG(status));
    return fail(complaint(fmt::format("transfer was killed by SIG{} while it {}",
                                      signal != nullptr ? signal : std::to_string(WTERMSIG(status)), doing)));
  }
  Report report = read_report(TRY(text));
  for (const std::string& warning : report.warnings) log.warning(warning);
  return report;
}

Result<std::string> unpack_tarball(const UnpackRequest& request, const Log& log) {
  std::vector<std::string> words = {request.transfer, "unpack", "--report", "--root", request.store};
  if (request.sha256) words.insert(words.end(), {"--sha256", *request.sha256});
  if (!request.uids.empty()) words.insert(words.end(), {"--uids", request.uids, "--gids", request.gids});
  if (request.progress) words.push_back("--progress");
  words.insert(words.end(), {"--", request.tarball});

  return run_for_digest(words, request.user_namespace, "unpacked " + request.tarball, log);
}

Result<ReportedImage> pull_image(const PullRequest& request, const Log& log) {
  std::vector<std::string> words = {request.transfer, "pull", "--report", "--root", request.root};
  if (!request.platform.empty()) words.insert(words.end(), {"--platform", request.platform});
  if (!request.authfile.empty()) words.insert(words.end(), {"--authfile", request.authfile});
  if (!request.verify_tls) words.emplace_back("--tls-verify=false");
  if (request.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), {"--", request.source});
  Report report = TRY(run_transfer(words, std::nullopt, "pulled " + request.source, log));
  TRY(report.digest);
  if (report.images.empty()) return fail(in(request.source, complaint("there is no image in it")));
  return std::move(report.images.back());
}

Result<> unpack_image(const ImageLayersRequest& request, const Log& log) {
  std::vector<std::string> words = {request.transfer, "layers", "--report"};
  words.insert(words.end(), {"--images", request.images, "--store", request.store});
  if (!request.uids.empty()) words.insert(words.end(), {"--uids", request.uids, "--gids", request.gids});
  if (request.progress) words.emplace_back("--progress");
  words.insert(words.end(), {"--", request.manifest});
  TRY(run_for_digest(words, request.user_namespace, "unpacked " + request.manifest, log));
  return {};
}

}  // namespace caisson::image
