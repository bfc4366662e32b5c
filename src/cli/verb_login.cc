// login, logout.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "cli/command.h"
#include "cli/transfer.h"

namespace caisson::cli {

namespace {

struct LoginOptions : RegistryOptions {
  std::string username;
  std::string password;
  bool password_stdin = false;
};

struct LogoutOptions : RegistryOptions {
  bool all = false;
};

std::vector<Option<LoginOptions>> login_table() {
  std::vector<Option<LoginOptions>> rows = {
      {{"username", 'u', "USER", {}, "Who one is there (default: it is asked for)"},
       [](LoginOptions& options, const Use& use) -> Result<> { return options.username = use.value, Result<>(); }},
      {{"password", 'p', "PASSWORD", {}, "The password; other users may see it while this runs"},
       [](LoginOptions& options, const Use& use) -> Result<> { return options.password = use.value, Result<>(); }},
      {{"password-stdin", 0, {}, {}, "Read the password from standard input"},
       [](LoginOptions& options, const Use& use) -> Result<> {
         return options.password_stdin = use.value == "true", Result<>();
       }},
  };
  std::ranges::copy(registry_rows<LoginOptions>(), std::back_inserter(rows));
  return rows;
}

std::vector<Option<LogoutOptions>> logout_table() {
  std::vector<Option<LogoutOptions>> rows = {
      {{"all", 'a', {}, {}, "Of all registries"},
       [](LogoutOptions& options, const Use& use) -> Result<> {
         return options.all = use.value == "true", Result<>();
       }},
  };
  std::ranges::copy(registry_rows<LogoutOptions>(), std::back_inserter(rows));
  return rows;
}

int tell(const Command& command, const std::string& verb, std::vector<std::string> words,
         const std::vector<std::string>& operands) {
  words.emplace_back("--");
  words.insert(words.end(), operands.begin(), operands.end());
  const Result<image::Report> report = call_transfer(command, verb, words, "talked to the registry");
  if (!report) return refuse(command, report.error());
  for (const std::string& line : report->lines) std::printf("%s\n", line.c_str());
  return 0;
}

}  // namespace

Manual login_manual() {
  return {"[OPTION…] [REGISTRY]",
          "Checks credentials with a registry (docker.io, if none is named), and keeps them for pull "
          "and push, where podman, skopeo and buildah find them too.",
          spellings(login_table())};
}

int verb_login(const Command& command) {
  LoginOptions options;
  const auto rows = login_table();
  const Result<Parsed> parsed = parse(rows, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() > 1) return refuse(command, complaint("one registry at a time"));
  if (options.password_stdin && !options.password.empty())
    return refuse(command, complaint("--password and --password-stdin exclude each other"));
  if (options.password_stdin && options.username.empty())
    return refuse(command, complaint("--password-stdin needs --username"));
  std::vector<std::string> words;
  add_options(words, options);
  add_option(words, "username", options.username);
  if (options.password_stdin) words.emplace_back("--password-stdin");
  // By the environment, which other users cannot see.
  if (!options.password.empty()) ::setenv("CAISSON_REGISTRY_PASSWORD", options.password.c_str(), 1);
  return tell(command, "login", std::move(words), parsed->operands);
}

Manual logout_manual() {
  return {"[OPTION…] [REGISTRY]", "Forgets the credentials for a registry.", spellings(logout_table())};
}

int verb_logout(const Command& command) {
  LogoutOptions options;
  const auto rows = logout_table();
  const Result<Parsed> parsed = parse(rows, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() > 1 || (options.all && !parsed->operands.empty()))
    return refuse(command, complaint("one registry is needed, or --all"));
  std::vector<std::string> words;
  add_options(words, options);
  if (options.all) words.emplace_back("--all");
  return tell(command, "logout", std::move(words), parsed->operands);
}

}  // namespace caisson::cli
