#include "engine/pod_lifecycle.h"

#include <signal.h>

#include <algorithm>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "engine/directory_hold.h"
#include "engine/events.h"
#include "engine/start.h"
#include "engine/volumes.h"

namespace caisson::engine {

namespace {

bool runs(const Container& container) { return container.live && container.live->process.pid != 0; }
bool is_infra(const Container& container) { return container.record.pod.is_infra; }

void note(const Places& places, const Pod& pod, std::string_view action) {
  note_event(places, {.type = "pod", .action = action, .id = pod.record.id, .attributes = {{"name", pod.record.name}}});
}

Result<> start_member(const Places& places, const Container& member, const Log& log) {
  if (member.live) return {};
  runtime::Stopwatch watch;
  const RunResult started = start(member.record, {.detached = true}, places, log, watch);
  if (started) return {};
  return fail(
      complaint(fmt::format("container {}: {}", member.record.name, started.error().line), started.error().hint));
}

Result<> run_init(const Places& places, const Container& member, const Log& log) {
  TRY(start_member(places, member, log));
  const Container started = TRY(find_container(places, member.record.id));
  const Ending ending = TRY(wait_for_end(places, started));
  if (ending.exit_code != 0) {
    return fail(
        complaint(fmt::format("init container {} ended with exit status {}", member.record.name, ending.exit_code),
                  fmt::format("caisson logs {}", member.record.name)));
  }
  if (member.record.pod.init != InitWhen::kOnce) return {};
  TRY(remove_member(places, TRY(find_container(places, member.record.id)), Force::kYes, log));
  return remove_anonymous_volumes(places, member.record);
}

// Does `work` to all that `fits` at the same time: the first error, if there is one.
Result<> at_once(const std::vector<Container>& members, const std::function<bool(const Container&)>& fits,
                 const std::function<Result<>(const Container&)>& work) {
  std::vector<Result<>> results(members.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (fits(members[i])) threads.emplace_back([&, i] { results[i] = work(members[i]); });
  }
  threads.clear();
  for (const Result<>& result : results) TRY(result);
  return {};
}

Result<> for_each(const std::vector<Container>& members, const std::function<bool(const Container&)>& fits,
                  const std::function<Result<>(const Container&)>& work) {
  Result<> all;
  for (const Container& member : members) {
    if (!fits(member)) continue;
    const Result<> done = work(member);
    if (all && !done) all = done;
  }
  return all;
}

}  // namespace

Result<> start_pod(const Places& places, const Pod& pod, const Log& log) {
  {
    const Fd held = TRY(enter_pod(places, {.id = pod.record.id, .name = pod.record.name}));
    if (const Container* infra = pod.infra(); infra != nullptr) TRY(start_member(places, *infra, log));
    for (const Container& member : pod.members) {
      if (member.record.pod.init != InitWhen::kNot && !member.live) TRY(run_init(places, member, log));
    }
    const auto is_plain = [](const Container& member) {
      return !is_infra(member) && member.record.pod.init == InitWhen::kNot;
    };
    TRY(for_each(pod.members, is_plain, [&](const Container& member) { return start_member(places, member, log); }));
  }
  settle_pod(places, pod.record, log);
  note(places, pod, "start");
  return {};
}

Result<> stop_pod(const Places& places, const Pod& pod, std::optional<std::int32_t> timeout_s, const Log& log) {
  const auto stop = [&](const Container& member) {
    return stop_container(places, member, std::nullopt, timeout_s, log);
  };
  TRY(at_once(pod.members, [](const Container& member) { return member.live && !is_infra(member); }, stop));
  if (const Container* infra = pod.infra(); infra != nullptr && infra->live) TRY(stop(*infra));
  settle_pod(places, pod.record, log);
  note(places, pod, "stop");
  return {};
}

Result<> restart_pod(const Places& places, const Pod& pod, const Log& log) {
  TRY(stop_pod(places, pod, std::nullopt, log));
  return start_pod(places, TRY(find_pod(places, pod.record.id)), log);
}

Result<> kill_pod(const Places& places, const Pod& pod, int signal, const Log& log) {
  const auto runs = [](const Container& member) { return member.live.has_value(); };
  TRY(for_each(pod.members, runs, [&](const Container& member) { return kill_container(places, member, signal); }));
  if (signal == SIGKILL)
    TRY(for_each(pod.members, runs, [&](const Container& member) { return await_end(places, member, log); }));
  note(places, pod, "kill");
  return {};
}

Result<> pause_pod(const Places& places, const Pod& pod) {
  TRY(for_each(
      pod.members, [](const Container& member) { return runs(member) && !member.is_paused; },
      [&](const Container& member) { return pause_container(places, member); }));
  note(places, pod, "pause");
  return {};
}

Result<> unpause_pod(const Places& places, const Pod& pod) {
  TRY(for_each(
      pod.members, [](const Container& member) { return member.is_paused; },
      [&](const Container& member) { return unpause_container(places, member); }));
  note(places, pod, "unpause");
  return {};
}

Result<> remove_pod(const Places& places, const Pod& pod, Force force, std::optional<std::int32_t> timeout_s,
                    const Log& log) {
  const std::optional<Fd> alone = TRY(hold_directory(places.pod(pod.record.name), Hold::kAlone));
  if (!alone) return {};  // another command has removed it meanwhile
  const Pod now = TRY(find_pod(places, pod.record.id));
  const auto running = std::ranges::find_if(
      now.members, [](const Container& member) { return member.live.has_value() && !is_infra(member); });
  if (running != now.members.end() && force == Force::kNo) {
    return fail(complaint(fmt::format("pod {} has containers that run: {}", pod.record.name, running->record.name),
                          fmt::format("caisson pod stop {0}, or pod rm -f {0}", pod.record.name)));
  }
  const auto end = [&](const Container& member) -> Result<> {
    if (timeout_s.value_or(0) != 0) TRY(stop_container(places, member, std::nullopt, timeout_s, log));
    TRY(remove_member(places, member, Force::kYes, log));
    return remove_anonymous_volumes(places, member.record);
  };
  TRY(at_once(now.members, [](const Container& member) { return !is_infra(member); }, end));
  TRY(for_each(now.members, is_infra, end));
  return remove_empty_pod(places, now.record);
}

}  // namespace caisson::engine
