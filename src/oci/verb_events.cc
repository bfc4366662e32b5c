#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstdio>

#include <fmt/format.h>

#include "base/duration.h"
#include "cgroup/oom_watch.h"
#include "cgroup/stats.h"
#include "kernel/syscalls.h"
#include "oci/command.h"
#include "oci/stats_json.h"

namespace caisson::oci {

namespace {

using Clock = std::chrono::steady_clock;

struct EventsOptions {
  std::chrono::nanoseconds interval = std::chrono::seconds(5);
  bool once = false;
};

Result<> set_interval(EventsOptions& options, const Use& use) {
  const auto interval = parse_duration(use.value);
  if (!interval) return fail(complaint(fmt::format("invalid value '{}': not a time", use.value), "as in 5s, 100ms"));
  options.interval = *interval;
  return {};
}

constexpr std::array kOptions = {
    Option<EventsOptions>{{"interval", 0, "TIME", {}, "How often the statistics are printed (default 5s)"},
                          set_interval},
    Option<EventsOptions>{{"stats", 0, {}, {}, "Print the statistics once, and end"},
                          set_flag<EventsOptions, &EventsOptions::once>},
};

// A line is out at once: who reads them waits for it.
Result<> print(const std::string& line) {
  if (std::fputs((line + "\n").c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return {};
  return fail(os_error("write", "standard output"));
}

int milliseconds_until(Clock::time_point moment) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

// Until the container's cgroup is empty or gone.
Result<> follow(const runtime::Record& record, std::chrono::nanoseconds interval) {
  using News = cgroup::OomWatch::News;
  cgroup::OomWatch watch = TRY(cgroup::OomWatch::start(record.cgroup_directories));
  Clock::time_point next = Clock::now() + interval;
  for (;;) {
    struct pollfd news{.fd = watch.fd(), .events = POLLIN, .revents = 0};
    if (kernel::retry([&] { return ::poll(&news, 1, milliseconds_until(next)); }) < 0)
      return fail(os_error("poll", "the events of " + record.id));
    if (news.revents != 0) {
      const News what = watch.next();
      if (what == News::kEnded) return {};
      if (what == News::kOutOfMemory) TRY(print(oom_event(record.id)));
    }
    if (Clock::now() < next) continue;
    TRY(print(stats_event(record.id, cgroup::read_stats(record.cgroup_directories))));
    next += interval;
    next = std::max(next, Clock::now());  // one that could not be kept is left out
  }
}

Result<> events(const Command& command, const std::string& id, const EventsOptions& options) {
  const runtime::Container container = TRY(runtime::find_container(command.root, id));
  if (options.interval <= std::chrono::nanoseconds(0))
    return fail(in("--interval", complaint("duration interval must be greater than 0")));
  if (container.status == runtime::Status::kStopped)
    return fail(complaint(fmt::format("container with id {} is not running", id)));
  const runtime::Record& record = container.record;
  if (options.once) return print(stats_event(id, cgroup::read_stats(record.cgroup_directories)));
  return follow(record, options.interval);
}

}  // namespace

int verb_events(const Command& command) {
  EventsOptions options;
  int status = 0;
  const auto operands = read_options(command, kOptions, options, Order::kAnywhere, {}, status);
  if (!operands) return status;
  const Result<> done = events(command, operands->front(), options);
  return done ? 0 : refuse(command, done.error());
}

}  // namespace caisson::oci
