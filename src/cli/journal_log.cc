#include "cli/journal_log.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "kernel/files.h"
#include "kernel/processes.h"

namespace caisson::cli {

namespace {

std::vector<std::string> journalctl_words(const std::string& id, const keeper::LogQuery& query) {
  std::vector<std::string> words = {"journalctl", "--quiet", "--no-pager", "--output=json",
                                    "--output-fields=MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE"};
  const auto moment = [](std::int64_t ns) {
    return fmt::format("@{}.{:06}", ns / 1'000'000'000, ns / 1000 % 1'000'000);
  };
  if (query.since_ns > 0) words.push_back("--since=" + moment(query.since_ns));
  // One that follows is ended from here.
  const bool ends = query.follow_until < 0 && query.until_ns != keeper::LogQuery().until_ns;
  if (ends) words.push_back("--until=" + moment(query.until_ns));
  words.push_back(query.tail ? fmt::format("--lines={}", *query.tail) : "--lines=all");
  if (query.follow_until >= 0) words.emplace_back("--follow");
  words.push_back("CONTAINER_ID_FULL=" + id);
  return words;
}

// Text, or an array of bytes for what is not.
std::string message_of(const nlohmann::json& entry) {
  const auto message = entry.find("MESSAGE");
  if (message == entry.end()) return {};
  if (message->is_string()) return message->get<std::string>();
  std::string text;
  if (!message->is_array()) return text;
  for (const auto& byte : *message) {
    if (byte.is_number_integer()) text.push_back(static_cast<char>(byte.get<int>()));
  }
  return text;
}

std::string word(const nlohmann::json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<> give(std::string_view line, const keeper::LogQuery& query, const keeper::LogSink& sink) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return {};
  const auto time_us = parse_unsigned(word(json, "__REALTIME_TIMESTAMP"));
  const bool is_partial = word(json, "CONTAINER_PARTIAL_MESSAGE") == "true";
  const std::string text = message_of(json) + (is_partial ? "" : "\n");
  keeper::LogEntry entry{.time_ns = static_cast<std::int64_t>(time_us.value_or(0)) * 1000};
  const std::string stamp = rfc3339(entry.time_ns);
  entry.stamp = stamp;
  entry.stream = word(json, "PRIORITY") == "3" ? keeper::LogStream::kError : keeper::LogStream::kOutput;
  entry.ends_line = !is_partial;
  entry.text = text;
  const bool is_wanted =
      entry.time_ns <= query.until_ns && (entry.stream == keeper::LogStream::kOutput ? query.output : query.error);
  return is_wanted ? sink(entry) : Result<>();
}

class Journalctl {
 public:
  Result<> start(std::vector<std::string> words) {
    kernel::Pipe pipe = TRY(kernel::make_pipe());
    std::vector<char*> arguments;
    for (std::string& each : words) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe.write.get(), STDOUT_FILENO);
    const int error = ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT) return fail(complaint("journalctl is not installed: it is what reads the journal"));
    if (error != 0) return fail(Error{.call = "posix_spawn", .number = error, .operand = "journalctl"});
    output_ = std::move(pipe.read);
    return {};
  }

  int output() const { return output_.get(); }
  void end() const { ::kill(pid_, SIGTERM); }
  Result<int> wait() const { return kernel::wait_for(pid_); }

 private:
  pid_t pid_ = -1;
  Fd output_;
};

// What journalctl prints, line by line, until it ends. The journal takes a moment to have what was written to it last.
Result<> read_lines(const Journalctl& journalctl, const keeper::LogQuery& query, const keeper::LogSink& sink) {
  constexpr int kMoment_ms = 500;
  std::string text;
  bool ended = false;
  for (;;) {
    std::array<pollfd, 2> watched{{{.fd = journalctl.output(), .events = POLLIN, .revents = 0},
                                   {.fd = ended ? -1 : query.follow_until, .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(watched.data(), watched.size(), ended ? kMoment_ms : -1);
    if (ready < 0 && errno != EINTR) return fail(os_error("poll", "journalctl"));
    if (ready == 0) journalctl.end();
    ended = ended || watched[1].revents != 0;
    if (watched[0].revents == 0) continue;
    std::array<char, 65536> bytes;
    const ssize_t length = ::read(journalctl.output(), bytes.data(), bytes.size());
    if (length < 0) return fail(os_error("read", "journalctl"));
    if (length == 0) return {};
    text.append(bytes.data(), static_cast<std::size_t>(length));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      TRY(give(std::string_view(text).substr(begin, end - begin), query, sink));
    text.erase(0, begin);
  }
}

}  // namespace

Result<> read_journal(const std::string& id, const keeper::LogQuery& query, const keeper::LogSink& sink) {
  Journalctl journalctl;
  TRY(journalctl.start(journalctl_words(id, query)));
  const Result<> read = read_lines(journalctl, query, sink);
  if (!read) journalctl.end();
  const int status = TRY(journalctl.wait());
  TRY(read);
  if (query.follow_until < 0 && status != 0) return fail(complaint("journalctl failed"));
  return {};
}

}  // namespace caisson::cli
