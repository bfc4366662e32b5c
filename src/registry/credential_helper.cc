#include "registry/credential_helper.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "image/quoted.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "registry/answer_words.h"

namespace caisson::registry {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostOfAnswer = 64U << 10;
constexpr std::string_view kTokenUser = "<token>";  // with it, the secret is an identity token

Result<std::string> program_of(const std::string& helper) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  };
  if (!std::ranges::all_of(helper, fits)) {
    return fail(complaint(fmt::format("{} is not the name of a credential helper", image::quoted_name(helper))));
  }
  return "docker-credential-" + helper;
}

Result<pid_t> spawn(const std::string& program, const std::string& verb, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);  // which this process ignores
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  char* const words[] = {const_cast<char*>(program.c_str()), const_cast<char*>(verb.c_str()), nullptr};
  pid_t pid = 0;
  errno = ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, words, environ);
  const Error error = os_error("posix_spawnp", program);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error.number != 0) return fail(error);
  return pid;
}

struct Answer {
  bool succeeded;
  std::string output;
};
Result<Answer> ask(const HelperUse& use, const std::string& verb, const std::string& input) {
  const std::string program = TRY(program_of(use.helper));
  kernel::Pipe to = TRY(kernel::make_pipe());
  kernel::Pipe from = TRY(kernel::make_pipe());
  const pid_t pid = TRY(spawn(program, verb, to.read.get(), from.write.get()));
  to.read = Fd();
  from.write = Fd();
  // One that ends without having read has a word to say of that.
  const Result<> written = kernel::write_all(to.write.get(), input, program);
  to.write = Fd();
  Result<std::string> output = kernel::read_all(from.read.get(), program, kMostOfAnswer);
  from.read = Fd();
  const int status = TRY(kernel::wait_for(pid));
  if (!output) return fail(std::move(output).error());
  if (status == 0 && !written) return fail(written.error());
  return Answer{.succeeded = status == 0, .output = *std::move(output)};
}

std::unexpected<Error> failed(const HelperUse& use, const Answer& answer) {
  const std::string words = shown_words(answer.output);
  return fail(in("docker-credential-" + use.helper, complaint(words.empty() ? "it failed without a word" : words)));
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<std::optional<Credentials>> helper_get(const HelperUse& use) {
  const Answer answer = TRY(ask(use, "get", use.server));
  if (!answer.succeeded && answer.output.find("credentials not found") != std::string::npos) return std::nullopt;
  if (!answer.succeeded) return failed(use, answer);
  const Json document = Json::parse(answer.output, nullptr, /*allow_exceptions=*/false);
  const std::string user = document.is_object() ? text_at(document, "Username") : "";
  const std::string secret = document.is_object() ? text_at(document, "Secret") : "";
  if (user.empty() && secret.empty()) {
    return fail(in("docker-credential-" + use.helper, complaint("it said no user and no secret")));
  }
  if (user == kTokenUser) return Credentials{.user = {}, .password = {}, .identity_token = secret};
  return Credentials{.user = user, .password = secret};
}

Result<> helper_store(const HelperUse& use, const Credentials& credentials) {
  const bool is_token = !credentials.identity_token.empty();
  const Json request = {{"ServerURL", use.server},
                        {"Username", is_token ? std::string(kTokenUser) : credentials.user},
                        {"Secret", is_token ? credentials.identity_token : credentials.password}};
  const Answer answer = TRY(ask(use, "store", request.dump(-1, ' ', false, Json::error_handler_t::replace)));
  if (!answer.succeeded) return failed(use, answer);
  return {};
}

Result<> helper_erase(const HelperUse& use) {
  const Answer answer = TRY(ask(use, "erase", use.server));
  if (!answer.succeeded) return failed(use, answer);
  return {};
}

}  // namespace caisson::registry
