#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/journal_log.h"
#include "cli/moment.h"
#include "cli/pod_selection.h"
#include "cli/selection.h"
#include "cli/verb_pod.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "keeper/log_reader.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

struct LogsOptions : Selection {
  bool names = false;
  std::string container;  ///< of a pod
  bool follow = false;
  bool timestamps = false;
  keeper::LogQuery query;
};

Result<> set_tail(LogsOptions& options, const Use& use) {
  if (use.value == "all") return options.query.tail.reset(), Result<>();
  const auto lines = parse_unsigned(use.value);
  if (!lines) return fail(complaint(fmt::format("'{}' is no number of lines, nor 'all'", use.value)));
  options.query.tail = lines;
  return {};
}

const Option<LogsOptions> kOptions[] = {
    {{"follow", 'f', {}, {}, "Go on with what is written, until the container ends"},
     [](LogsOptions& options, const Use& use) -> Result<> { return options.follow = use.value == "true", Result<>(); }},
    {{"tail", 'n', "LINES", {}, "The last lines only (default all)"}, set_tail},
    {{"since", 0, "TIME", {}, "From this moment on: RFC 3339, seconds since 1970, or a duration ago (10m)"},
     [](LogsOptions& options, const Use& use) -> Result<> {
       return options.query.since_ns = TRY(parse_moment(use.value)), Result<>();
     }},
    {{"until", 0, "TIME", {}, "Up to this moment"},
     [](LogsOptions& options, const Use& use) -> Result<> {
       return options.query.until_ns = TRY(parse_moment(use.value)), Result<>();
     }},
    {{"timestamps", 't', {}, {}, "Each line's moment before it"},
     [](LogsOptions& options, const Use& use) -> Result<> {
       return options.timestamps = use.value == "true", Result<>();
     }},
    {{"names", 0, {}, {}, "The container's name before each line"},
     [](LogsOptions& options, const Use& use) -> Result<> { return options.names = use.value == "true", Result<>(); }},
    latest_row<LogsOptions>(),
};

Result<> print(const keeper::LogEntry& entry, bool timestamps, const std::string& name) {
  std::string line = name.empty() ? "" : name + " ";
  if (timestamps) line += fmt::format("{} ", entry.stamp);
  line += entry.text;
  const bool error = entry.stream == keeper::LogStream::kError;
  return kernel::write_all(error ? 2 : 1, line, error ? "standard error" : "standard output");
}

// Readable once the container's keeper has ended, or the moment has come.
class EndOfFollowing {
 public:
  Result<> open(Fd keeper, std::int64_t until_ns) {
    keeper_ = std::move(keeper);
    if (until_ns == std::numeric_limits<std::int64_t>::max()) return {};
    until_ns = std::max<std::int64_t>(until_ns, 1);  // 0 would be no timer at all
    constexpr std::int64_t kSecond_ns = 1'000'000'000;
    const itimerspec moment{.it_interval = {},
                            .it_value = {.tv_sec = until_ns / kSecond_ns, .tv_nsec = until_ns % kSecond_ns}};
    moment_ = Fd(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC));
    if (!moment_ || ::timerfd_settime(moment_.get(), TFD_TIMER_ABSTIME, &moment, nullptr) != 0)
      return fail(os_error("timerfd_settime", "--until"));
    either_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    for (const Fd* fd : {&keeper_, &moment_}) {
      epoll_event readable{.events = EPOLLIN, .data = {}};
      if (::epoll_ctl(either_.get(), EPOLL_CTL_ADD, fd->get(), &readable) != 0)
        return fail(os_error("epoll_ctl", "--until"));
    }
    return {};
  }
  int fd() const { return either_ ? either_.get() : keeper_.get(); }

 private:
  Fd keeper_;
  Fd moment_;
  Fd either_;
};

Result<> print_logs(const Command& command, const engine::Container& container, const LogsOptions& options,
                    const std::string& name) {
  const engine::Record& record = container.record;
  keeper::LogQuery query = options.query;
  EndOfFollowing end;
  if (Result<Fd> keeper = kernel::open_process(container.live.value_or(engine::Live{}).keeper);
      options.follow && keeper) {
    TRY(end.open(std::move(*keeper), query.until_ns));
    query.follow_until = end.fd();
  }
  const auto sink = [&](const keeper::LogEntry& entry) { return print(entry, options.timestamps, name); };
  if (record.log.driver == engine::LogDriver::kJournal) return read_journal(record.id, query, sink);
  const std::string path = engine::log_path(command.places, record);
  if (path.empty()) return fail(complaint(fmt::format("container {} keeps no log (--log-driver none)", record.name)));
  return keeper::read_log(path, query, sink);
}

// Those of a pod whose logs are wanted; an infra container writes nothing.
Result<std::vector<engine::Container>> writers(const engine::Pod& pod, const std::string& wanted) {
  std::vector<engine::Container> containers;
  for (const engine::Container& member : pod.members) {
    const bool is_wanted = wanted.empty() ? !member.record.pod.is_infra
                                          : member.record.name == wanted || member.record.id.starts_with(wanted);
    if (is_wanted) containers.push_back(member);
  }
  if (containers.empty() && !wanted.empty())
    return fail(in("--container", complaint(fmt::format("pod {} has no container {}", pod.record.name, wanted))));
  return containers;
}

Result<> print_pod_logs(const Command& command, const engine::Pod& pod, const LogsOptions& options) {
  const std::vector<engine::Container> containers = TRY(writers(pod, options.container));
  const bool is_one = containers.size() == 1;
  std::vector<Result<>> results(containers.size());
  const auto print_one = [&](std::size_t i) {
    const engine::Record& record = containers[i].record;
    const std::string name = options.names ? record.name : is_one ? "" : short_id(record.id);
    results[i] = print_logs(command, containers[i], options, name);
  };
  {
    std::vector<std::jthread> threads;  // what is followed comes when it is written, whoever writes it
    for (std::size_t i = 0; i < containers.size(); ++i) {
      if (options.follow) {
        threads.emplace_back(print_one, i);
      } else {
        print_one(i);
      }
    }
  }
  for (const Result<>& result : results) TRY(result);
  return {};
}

std::vector<Option<LogsOptions>> pod_options() {
  std::vector<Option<LogsOptions>> rows(std::begin(kOptions), std::end(kOptions));
  rows.push_back({{"container", 'c', "CONTAINER", {}, "That of the pod's containers alone"},
                  [](LogsOptions& options, const Use& use) -> Result<> {
                    return options.container = std::string(use.value), Result<>();
                  }});
  return rows;
}

}  // namespace

Manual pod_logs_manual() {
  static const std::vector<Option<LogsOptions>> kRows = pod_options();
  return {"[OPTION…] POD", "Prints what the containers of a pod have written, the container's id before each line.",
          spellings(kRows)};
}

int verb_pod_logs(const Command& command) {
  LogsOptions options;
  const Result<Parsed> parsed = parse(pod_options(), options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  engine::sweep(command.places, command.log);
  PodSelection selection;
  selection.latest = options.latest;
  const auto pods = selected_pods(command, selection, parsed->operands);
  if (!pods) return refuse(command, pods.error());
  if (pods->size() != 1) return refuse(command, complaint("the name of one pod is needed"));
  const Result<> printed = print_pod_logs(command, pods->front(), options);
  return printed ? 0 : refuse(command, printed.error());
}

Manual logs_manual() { return {"[OPTION…] CONTAINER…", "Prints what containers have written.", spellings(kOptions)}; }

int verb_logs(const Command& command) {
  LogsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (options.follow && parsed->operands.size() > 1)
    return refuse(command, complaint("--follow (-f) goes with one container"));
  engine::sweep(command.places, command.log);
  const auto any = [](const engine::Container&) { return true; };
  const auto print_one = [&](const engine::Container& container) {
    return print_logs(command, container, options, options.names ? container.record.name : "");
  };
  return for_each_selected(command, options, parsed->operands, any, print_one, Print::kNothing);
}

}  // namespace caisson::cli
