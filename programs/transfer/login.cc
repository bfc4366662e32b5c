// login, logout: credentials for registries, checked and kept, or forgotten.
#include "registry/login.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "registries.h"

namespace caisson::transfer {

namespace {

constexpr std::size_t kSecretBytes = 64U << 10;

struct LoginOptions : RegistryOptions {
  std::string username;
  bool password_stdin = false;
  bool all = false;
  std::string root;  // as all verbs are told; nothing of it is used here
};
using LoginWords = Words<LoginOptions>;

constexpr const char* kUsage =
    "usage: transfer login|logout [--authfile FILE] [--cert-dir DIR] [--tls-verify=false] [--username USER] "
    "[--password-stdin] [--all] [--report] [REGISTRY]";

std::string without_newline(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

// The terminal shows nothing of what is typed, for as long as this lives. A signal that ends the program waits for the
// end of this: it ends what is being read.
class Unseen {
 public:
  Unseen() {
    struct sigaction note{};
    note.sa_handler = [](int signal) { came_ = signal; };  // without SA_RESTART: read(2) ends
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &note, &actions_[i]);
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    struct termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &actions_[i], nullptr);
    if (came_ != 0) ::raise(came_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  static inline volatile sig_atomic_t came_ = 0;
  struct termios before_{};
  std::array<struct sigaction, kSignals.size()> actions_{};
  bool changed_ = false;
};

// A line of the terminal, byte by byte, so that what follows it stays for whoever reads on.
std::string read_line() {
  std::string line;
  for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n' && line.size() < kSecretBytes;) line += c;
  return without_newline(std::move(line));
}

Result<std::string> ask(const std::string& question) {
  if (::isatty(STDIN_FILENO) != 1)
    return fail(complaint("standard input is no terminal to ask at", "--username USER --password-stdin"));
  TRY(kernel::write_all(STDERR_FILENO, question, "standard error"));
  return read_line();
}

Result<std::string> ask_unseen(const std::string& question) {
  const Unseen unseen;
  std::string line = TRY(ask(question));
  TRY(kernel::write_all(STDERR_FILENO, "\n", "standard error"));
  return line;
}

Result<registry::Credentials> credentials_for(const LoginOptions& options, const std::string& key) {
  registry::Credentials credentials;
  credentials.user = options.username.empty() ? TRY(ask(fmt::format("Username for {}: ", key))) : options.username;
  if (credentials.user.empty()) return fail(complaint("the user's name is empty"));
  if (options.password_stdin) {
    credentials.password = without_newline(TRY(kernel::read_all(STDIN_FILENO, "standard input", kSecretBytes)));
  } else if (const char* given = std::getenv("CAISSON_REGISTRY_PASSWORD"); given != nullptr) {
    credentials.password = given;
  } else {
    credentials.password = TRY(ask_unseen("Password: "));
  }
  if (credentials.password.empty()) return fail(complaint("the password is empty"));
  return credentials;
}

Result<std::vector<std::string>> log_in(const LoginOptions& options, const std::string& where, Heard& heard) {
  const std::string key = TRY(registry::login_key(where));
  const registry::Credentials credentials = TRY(credentials_for(options, key));
  const std::string kept = TRY(registry::login(key, credentials, registry_options(options, heard)));
  return std::vector{"Login Succeeded: kept in " + kept};
}

Result<std::vector<std::string>> log_out(const LoginOptions& options, const std::string& where, Heard& heard) {
  if (options.all) {
    std::vector<std::string> lines;
    for (const std::string& key : TRY(registry::logout_of_all(registry_options(options, heard))))
      lines.push_back("Removing login credentials for " + key);
    return lines;
  }
  const std::string key = TRY(registry::login_key(where));
  TRY(registry::logout(key, registry_options(options, heard)));
  return std::vector{"Removing login credentials for " + key};
}

using Work = Result<std::vector<std::string>> (*)(const LoginOptions& options, const std::string& where, Heard& heard);

Ending run(const std::vector<std::string>& arguments, Work work) {
  LoginWords words;
  auto table = registry_rows<LoginOptions>();
  table.push_back({{.name = "username", .argument = "USER"}, set_text<&LoginOptions::username>});
  table.push_back({{.name = "password-stdin"}, set_true<&LoginOptions::password_stdin>});
  table.push_back({{.name = "all"}, set_true<&LoginOptions::all>});
  table.push_back({{.name = "report"}, set_report<LoginOptions>});
  table.push_back({{.name = "root", .argument = "DIR"}, set_text<&LoginOptions::root>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() > 1) return refused(complaint(kUsage));
  Heard heard;
  Result<std::vector<std::string>> lines =
      work(words.options, parsed->operands.empty() ? "" : parsed->operands[0], heard);
  Ending ending{.report = {.warnings = heard.take(), .digest = ""}, .as_report = words.report};
  if (lines) {
    ending.report.lines = *std::move(lines);
  } else {
    ending.report.digest = fail(std::move(lines).error());
  }
  return ending;
}

}  // namespace

Ending login(const std::vector<std::string>& words) { return run(words, log_in); }
Ending logout(const std::vector<std::string>& words) { return run(words, log_out); }

}  // namespace caisson::transfer
