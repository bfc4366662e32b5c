#include "engine/health_state.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/events.h"
#include "engine/exec.h"
#include "engine/lifecycle.h"
#include "engine/network_probe.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kKeptProbes = 5;
constexpr std::size_t kKeptOutput = 4096;
constexpr const char* kHealthFile = "health.json";

constexpr std::array<std::string_view, 3> kWords = {"starting", "healthy", "unhealthy"};

std::string health_path(const Places& places, const std::string& id) { return places.live(id) + "/" + kHealthFile; }

// What a child of this process, which runs the check, writes into a pipe: the first bytes of it, until `end_ns`.
struct Watched {
  std::string output;
  bool in_time = false;
};

Watched watch(int output, std::int64_t end_ns) {
  Watched watched;
  for (;;) {
    const std::int64_t left_ms = (end_ns - now_nanoseconds()) / 1'000'000;
    if (left_ms <= 0) return watched;
    pollfd readable{.fd = output, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, static_cast<int>(std::min<std::int64_t>(left_ms + 1, 60'000))) <= 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t length = ::read(output, bytes.data(), bytes.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    watched.output.append(bytes.data(),
                          std::min(static_cast<std::size_t>(length), kKeptOutput - watched.output.size()));
  }
  watched.in_time = true;
  return watched;
}

// The check's process is the child's, and dies with it.
Result<HealthProbe> probe(const Places& places, const Container& container, const image::Healthcheck& check,
                          const Log& log) {
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  HealthProbe probe{.start_ns = now_nanoseconds()};
  const pid_t child = ::fork();
  if (child < 0) return fail(os_error("fork", "health check"));
  if (child == 0) {
    ::dup2(pipe.write.get(), STDOUT_FILENO);
    ::dup2(pipe.write.get(), STDERR_FILENO);
    if (is_network_test(check.test)) {
      const NetworkAnswer answer =
          ask_network(container.live->process.pid, check.test, std::chrono::milliseconds(check.timeout_ns / 1'000'000));
      (void)kernel::write_all(STDOUT_FILENO, answer.words + "\n", "output");
      ::_exit(answer.is_well ? 0 : 1);
    }
    const RunResult result = exec({.container = container.record.id, .command = health_command(check)}, places, log);
    if (!result) (void)kernel::write_all(STDERR_FILENO, result.error().line + "\n", "output");
    ::_exit(result ? *result : result.error().exit_status);
  }
  pipe.write = Fd();
  Watched watched = watch(pipe.read.get(), probe.start_ns + check.timeout_ns);
  if (!watched.in_time) ::kill(child, SIGKILL);
  const int status = TRY(kernel::wait_for(child));
  probe.end_ns = now_nanoseconds();
  probe.exit_code = !watched.in_time ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  probe.output = watched.in_time ? std::move(watched.output)
                                 : fmt::format("the check took longer than {} ms", check.timeout_ns / 1'000'000);
  return probe;
}

Result<> act_on(const Places& places, const Container& container, const Log& log) {
  switch (container.record.health->on_failure) {
    case OnUnhealthy::kNothing: return {};
    case OnUnhealthy::kKill: return kill_container(places, container, SIGKILL);
    case OnUnhealthy::kStop: return stop_container(places, container, std::nullopt, std::nullopt, log);
    case OnUnhealthy::kRestart: return restart_container(places, container, std::nullopt, std::nullopt, log);
  }
  return {};
}

}  // namespace

std::string_view health_word(Health health) { return kWords[static_cast<std::size_t>(health)]; }

std::string to_json(const HealthState& state) {
  Json probes = Json::array();
  for (const HealthProbe& probe : state.probes) {
    probes.push_back(
        {{"start", probe.start_ns}, {"end", probe.end_ns}, {"exitCode", probe.exit_code}, {"output", probe.output}});
  }
  const Json json = {
      {"status", health_word(state.health)}, {"failingStreak", state.failing_streak}, {"probes", probes}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<HealthState> read_health_state(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(complaint("not a JSON object"));
  try {
    HealthState state{.failing_streak = json.at("failingStreak").get<std::int64_t>()};
    const auto* word = std::find(kWords.begin(), kWords.end(), json.at("status").get<std::string>());
    if (word == kWords.end()) return fail(complaint("not a health status"));
    state.health = static_cast<Health>(word - kWords.begin());
    for (const Json& probe : json.at("probes")) {
      state.probes.push_back({.start_ns = probe.at("start").get<std::int64_t>(),
                              .end_ns = probe.at("end").get<std::int64_t>(),
                              .exit_code = probe.at("exitCode").get<int>(),
                              .output = probe.at("output").get<std::string>()});
    }
    return state;
  } catch (const Json::exception& exception) {
    return fail(complaint(exception.what()));
  }
}

HealthState with_probe(HealthState state, HealthProbe probe, const image::Healthcheck& check, std::int64_t started_ns) {
  const bool is_starting = state.health == Health::kStarting && probe.start_ns - started_ns < check.start_period_ns;
  if (probe.exit_code == 0) {
    state.health = Health::kHealthy;
    state.failing_streak = 0;
  } else if (!is_starting) {
    ++state.failing_streak;
    if (state.failing_streak >= check.retries) state.health = Health::kUnhealthy;
  }
  state.probes.push_back(std::move(probe));
  if (state.probes.size() > kKeptProbes) state.probes.erase(state.probes.begin());
  return state;
}

std::optional<HealthState> health_of(const Places& places, const Container& container) {
  if (!container.record.health || !container.live || container.live->process.pid == 0) return std::nullopt;
  const Result<std::string> text = kernel::read_file(health_path(places, container.record.id));
  if (!text) return HealthState();
  return read_health_state(*text).value_or(HealthState());
}

bool await_health(const Places& places, const std::string& id, int pidfd) {
  constexpr int kBetweenLooks_ms = 50;
  for (;;) {
    const auto text = kernel::read_file(health_path(places, id));
    const auto state = text ? read_health_state(*text) : Result<HealthState>();
    if (state && state->health == Health::kHealthy) return true;
    if (kernel::wait_until_gone(pidfd, kBetweenLooks_ms)) return false;
  }
}

Result<HealthProbe> check_health(const Places& places, const Container& container, const Log& log) {
  const std::string& name = container.record.name;
  if (!container.record.health) return fail(complaint(fmt::format("container {} has no health check", name)));
  const std::optional<HealthState> before = health_of(places, container);
  if (!before) return fail(complaint(fmt::format("container {} is not running", name)));
  if (container.is_paused) return fail(complaint(fmt::format("container {} is paused", name)));
  const image::Healthcheck& check = container.record.health->check;
  const HealthProbe made = TRY(probe(places, container, check, log));
  const HealthState after = with_probe(*before, made, check, container.live->started_ns);
  TRY(kernel::replace_file(health_path(places, container.record.id), to_json(after), 0600));
  if (after.health != before->health)
    note_event(places, container.record, fmt::format("health_status: {}", health_word(after.health)));
  if (after.health == Health::kUnhealthy && before->health != Health::kUnhealthy) {
    // The keeper that waits for this process ends with the container, and this process with it.
    const pid_t child = ::fork();
    if (child < 0) return fail(os_error("fork", "health check"));
    if (child == 0) {
      ::setsid();
      if (const Result<> done = act_on(places, container, log); !done) log.error(done.error().text());
      ::_exit(0);
    }
  }
  return made;
}

}  // namespace caisson::engine
