#include "trust/openpgp.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "image/digest.h"
#include "kernel/files.h"

namespace caisson::trust {

namespace {

constexpr std::size_t kPiece = 1U << 20;
constexpr std::size_t kWordsBytes = 64U << 10;
constexpr std::string_view kGood = "[GNUPG:] VALIDSIG ";

struct Gpgv {
  pid_t pid = 0;
  Fd input;
  Fd words;
};

Result<Gpgv> start(const std::string& signature, const std::string& keyring) {
  kernel::Pipe input = TRY(kernel::make_pipe());
  kernel::Pipe words = TRY(kernel::make_pipe());
  const std::string ring = TRY(kernel::absolute_path(keyring));
  const std::string file = TRY(kernel::absolute_path(signature));
  const char* const arguments[] = {"gpgv", "--status-fd", "1", "--keyring", ring.c_str(),
                                   "--",   file.c_str(),  "-", nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, words.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, words.write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  Gpgv gpgv{.pid = 0, .input = std::move(input.write), .words = std::move(words.read)};
  const int error =
      ::posix_spawnp(&gpgv.pid, arguments[0], &actions, &attributes, const_cast<char* const*>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return gpgv;
  return fail(Error{.call = "posix_spawn",
                    .number = error,
                    .operand = "gpgv",
                    .hint = error == ENOENT ? "install gpgv: OpenPGP signatures are checked by it" : ""});
}

// All of `data`, hashed and given to gpgv; what it does not want any more is hashed alone.
Result<std::string> feed(int data, Fd input) {
  image::Sha256 hash = TRY(image::Sha256::start());
  std::vector<char> piece(kPiece);
  bool wanted = true;
  for (std::int64_t at = 0;;) {
    const ssize_t length = ::pread(data, piece.data(), piece.size(), at);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(os_error("pread", "what is signed"));
    if (length == 0) return hash.digest();
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(length));
    hash.update(bytes);
    wanted = wanted && kernel::write_all(input.get(), bytes, "gpgv");
    at += length;
  }
}

// While data are written to a program that may end.
class IgnoredPipeSignal {
 public:
  IgnoredPipeSignal() : before_(::signal(SIGPIPE, SIG_IGN)) {}
  ~IgnoredPipeSignal() { ::signal(SIGPIPE, before_); }
  IgnoredPipeSignal(const IgnoredPipeSignal&) = delete;
  IgnoredPipeSignal& operator=(const IgnoredPipeSignal&) = delete;

 private:
  sighandler_t before_;
};

// "gpgv: BAD signature from …", without what is for programs.
std::string last_words(const std::string& words) {
  std::string last;
  for (const std::string_view line : split(words, '\n')) {
    if (!line.empty() && !line.starts_with("[GNUPG:]")) last = line;
  }
  return last.starts_with("gpgv: ") ? last.substr(6) : last;
}

}  // namespace

Result<OpenPgpSignature> check_openpgp(int data, const std::string& signature, const std::string& keyring) {
  for (const std::string* file : {&signature, &keyring}) {
    if (!kernel::exists(*file)) return fail(in(*file, complaint("there is no such file")));
  }
  const IgnoredPipeSignal ignored;
  Gpgv gpgv = TRY(start(signature, keyring));
  const Result<std::string> digest = feed(data, std::move(gpgv.input));
  const Result<std::string> words = kernel::read_all(gpgv.words.get(), "gpgv", kWordsBytes);
  int status = 0;
  while (::waitpid(gpgv.pid, &status, 0) < 0) {
    if (errno != EINTR) return fail(os_error("waitpid", "gpgv"));
  }
  TRY(digest);
  TRY(words);
  for (const std::string_view line : split(*words, '\n')) {
    if (!line.starts_with(kGood) || status != 0) continue;
    return OpenPgpSignature{.fingerprint = std::string(cut(line.substr(kGood.size()), ' ').head), .digest = *digest};
  }
  return fail(
      in(signature, complaint(fmt::format("no good signature by a key of {}: {}", keyring, last_words(*words)))));
}

}  // namespace caisson::trust
