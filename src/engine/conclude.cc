#include "engine/conclude.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "cgroup/evidence.h"
#include "cgroup/oom.h"
#include "engine/events.h"
#include "engine/images.h"
#include "engine/networking.h"
#include "engine/own_ids.h"
#include "engine/pods.h"
#include "engine/volumes.h"
#include "image/unfinished.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kMemoryHierarchy = "/sys/fs/cgroup/memory";
constexpr std::size_t kFewContainers = 8;
constexpr std::size_t kSomeContainers = 64;  // of many, by one command of kTurns
constexpr std::int64_t kTurns = 8;
constexpr std::string_view kUnifiedHierarchy = "/sys/fs/cgroup";

struct EnderRow {
  explain::Ender ender;
  std::string_view word;
};
constexpr EnderRow kEnders[] = {{explain::Ender::kStop, "stop"},     {explain::Ender::kShutdown, "shutdown"},
                                {explain::Ender::kKeeper, "keeper"}, {explain::Ender::kRestart, "restart"},
                                {explain::Ender::kKill, "kill"},     {explain::Ender::kTimeout, "timeout"}};

std::string ender_path(const Places& places, const std::string& id) { return places.live(id) + "/ender"; }

explain::Ender noted_ender(const Places& places, const std::string& id) {
  const std::string word = kernel::read_file(ender_path(places, id)).value_or("");
  for (const EnderRow& row : kEnders) {
    if (word == row.word) return row.ender;
  }
  return explain::Ender::kNobody;
}

// The container's cgroup as the memory hierarchy names it.
std::string memory_cgroup(const Record& record) {
  for (const std::string& directory : record.cgroup_directories) {
    if (directory.starts_with(std::string(kMemoryHierarchy) + "/")) return directory.substr(kMemoryHierarchy.size());
  }
  if (record.cgroup_directories.size() == 1) return record.cgroup_directories[0].substr(kUnifiedHierarchy.size());
  return {};
}

// Its keeper kills it after its time, and nobody else who says so.
bool was_timed_out(const Record& record, const Live& live, int wait_status) {
  return record.timeout_s != 0 && WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL &&
         now_nanoseconds() - live.started_ns >= std::int64_t{record.timeout_s} * 1'000'000'000;
}

// The cgroups that tell what a container died of: of the v1 hierarchies those of memory and pids, or the one of v2.
std::vector<std::string> telling_cgroups(const Record& record) {
  if (record.cgroup_directories.size() == 1) return record.cgroup_directories;
  std::vector<std::string> telling;
  for (const std::string& directory : record.cgroup_directories) {
    if (directory.find("/memory/") != std::string::npos || directory.find("/pids/") != std::string::npos)
      telling.push_back(directory);
  }
  return telling;
}

explain::Death evidence_of(const Places& places, const Record& record, const Live& live, int wait_status) {
  const cgroup::Evidence evidence = cgroup::read_evidence(telling_cgroups(record));
  explain::Death death{.wait_status = wait_status,
                       .memory_limit = evidence.memory_limit_bytes,
                       .memory_peak = evidence.memory_peak_bytes,
                       .oom_kills = evidence.oom_kills.value_or(0),
                       .oom_group = evidence.oom_group_kills.value_or(0) != 0,
                       .pids_limit = evidence.pids_limit,
                       .pids_limit_hits = evidence.pids_limit_hits.value_or(0),
                       .ender = noted_ender(places, record.id),
                       .timeout_seconds = record.timeout_s};
  if (death.ender == explain::Ender::kNobody && was_timed_out(record, live, wait_status))
    death.ender = explain::Ender::kTimeout;
  if (death.oom_kills == 0) return death;
  for (const cgroup::OomVictim& victim : cgroup::read_oom_victims(memory_cgroup(record))) {
    death.victims.push_back({.pid = victim.pid, .name = victim.name});
  }
  return death;
}

// An init that powers its system off by reboot(2) is ended by SIGINT, as the first process of a PID namespace, which
// nothing else can end by that: it has done all that it had to.
int without_power_off(const Record& record, int wait_status) {
  return record.systemd && WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGINT ? 0 : wait_status;
}

Ending ending_of(const explain::Death& death, const Live& live) {
  Ending ending{.started_ns = live.started_ns, .finished_ns = now_nanoseconds()};
  if (WIFSIGNALED(death.wait_status)) {
    ending.signal = WTERMSIG(death.wait_status);
    ending.exit_code = 128 + ending.signal;
  } else {
    ending.exit_code = WEXITSTATUS(death.wait_status);
  }
  ending.oom_killed = death.oom_kills > 0;
  const bool worth_telling = ending.signal != 0 || death.oom_kills > 0 || death.pids_limit_hits > 0;
  if (worth_telling) ending.reason = explain::death(death);
  return ending;
}

void say_ending(int lock, const Ending& ending) {
  const std::string words = to_json(ending);
  (void)!::pwrite(lock, words.data(), words.size(), 0);
}

void warn(const Log& log, const Result<>& result) {
  if (!result)
    log.warning(result.error().text() + (result.error().hint.empty() ? "" : " (" + result.error().hint + ")"));
}

// A container whose keeper is gone: its lock could be taken. What a newer caisson has written is left as it is.
void end_abandoned(const Places& places, const std::string& id, int lock, const Log& log) {
  const auto text = kernel::read_file(places.container(id) + "/" + kRecordFile);
  if (!text) {
    if (text.error().number == ENOENT) warn(log, remove_remains(places, id));
    return;
  }
  const Result<Record> record = read_record(*text);
  Result<Live> live{Live{}};
  if (const auto state = kernel::read_file(places.live(id) + "/" + kStateFile)) live = read_live(*state);
  if (!record || !live) return;
  if (kernel::exists(places.container(id) + "/" + kEndingFile)) {  // it had ended, and was about to be put away
    warn(log, remove_container_cgroups(record->cgroup_directories));
    warn(log, kernel::remove_tree(places.live(id)));
    leave_pod(places, record->pod, log);
    return;
  }
  if (!record->started && live->process.pid == 0) {  // it waits for its first start: somebody looked at its files
    warn(log, kernel::remove_tree(places.live(id)));
    return;
  }
  if (const auto process = kernel::open_process(live->process)) {
    (void)kernel::send_signal(process->get(), SIGKILL);
    kernel::wait_until_gone(process->get(), 2000);
  }
  log.warning(fmt::format("container {} had lost its keeper and was ended", record->name));
  conclude(places, *record, *live, std::nullopt, lock, log);
}

// A directory without a lock is being made or removed at this moment, or was left by one who was killed at that. Its
// maker makes another; the lock is the first file in it, so that files without one are nobody's.
void clear_unlocked(const std::string& directory) {
  const std::vector<std::string> names = kernel::list_directory(directory).value_or(std::vector<std::string>());
  if (std::find(names.begin(), names.end(), "lock") != names.end()) return;
  for (const std::string& name : names) ::unlink((directory + "/" + name).c_str());
  ::rmdir(directory.c_str());
}

}  // namespace

Result<> note_ender(const Places& places, const std::string& id, explain::Ender ender) {
  for (const EnderRow& row : kEnders) {
    if (row.ender == ender) return kernel::replace_file(ender_path(places, id), row.word, 0600);
  }
  return {};
}

bool is_asked_to_end(const Places& places, const std::string& id) {
  const explain::Ender ender = noted_ender(places, id);
  return ender != explain::Ender::kNobody && ender != explain::Ender::kTimeout;
}

bool is_stopped_until_boot(const Places& places, const std::string& id) {
  const explain::Ender ender = noted_ender(places, id);
  return ender == explain::Ender::kShutdown || ender == explain::Ender::kKeeper;
}

Ending settle(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status,
              const Log& log) {
  Ending ending;
  if (wait_status) {
    ending = ending_of(evidence_of(places, record, live, without_power_off(record, *wait_status)), live);
  } else {
    ending = {.exit_code = 128 + SIGKILL,
              .signal = SIGKILL,
              .reason = "its keeper was killed, and it was ended with it",
              .started_ns = live.started_ns,
              .finished_ns = now_nanoseconds()};
  }
  ending.asked_for = is_asked_to_end(places, record.id) && !is_stopped_until_boot(places, record.id);
  ending.restarts = live.restarts;
  warn(log, remove_container_cgroups(record.cgroup_directories));
  if (record.networks.any()) warn(log, disconnect_networks(places, record));
  if (ending.oom_killed) note_event(places, record, "oom");
  note_event(places, record, "die", {{"exitCode", std::to_string(ending.exit_code)}});
  return ending;
}

namespace {

// Its own, with what it was made from. What others need stays, without a word.
Result<> remove_with_image(const Places& places, const Record& record) {
  TRY(remove_anonymous_volumes(places, record));
  TRY(remove_container(places, record));
  if (!record.remove_image || !record.image || TRY(images_in_use(places)).contains(record.image->id)) return {};
  const std::string& name = record.image->name.empty() ? record.image->id : record.image->name;
  const Result<RemovedImages> removed = remove_image(places, name, RemoveImage::kCarefully);
  return removed ? Result<>() : fail(removed.error());
}

void forget_pids(const Record& record) {
  for (const std::string* path : {&record.pid_file, &record.keeper_pid_file}) {
    if (!path->empty()) ::unlink(path->c_str());
  }
}

// Told by its links (inode(7)), without reading it; a file system that does not count them has few.
bool has_many(const std::string& directory) {
  const auto status = kernel::status_of(directory);
  return status && status->st_nlink > kFewContainers + 2;
}

void end_abandoned(const Places& places, const Log& log, SweepExtent extent) {
  const std::string directory = places.runroot + "/containers";
  if (extent == SweepExtent::kSome && has_many(directory) && now_nanoseconds() % kTurns != 0) return;
  Result<std::vector<std::string>> ids = kernel::list_directory(directory);
  if (!ids) return;
  if (extent == SweepExtent::kSome && ids->size() > kSomeContainers) {
    const auto first = static_cast<std::size_t>(now_nanoseconds()) % (ids->size() - kSomeContainers);
    ids->erase(ids->begin(), ids->begin() + static_cast<std::ptrdiff_t>(first));
    ids->resize(kSomeContainers);
  }
  for (const std::string& id : *ids) {
    const std::string path = places.live(id) + "/lock";
    if (!kernel::exists(path)) {
      clear_unlocked(places.live(id));
      continue;
    }
    Result<std::optional<Fd>> lock = kernel::lock_file(path, kernel::Lock::kTry);
    if (lock && *lock) end_abandoned(places, id, (*lock)->get(), log);
  }
}

}  // namespace

void put_away(const Places& places, const Record& record, const Ending& ending, int lock, const Log& log) {
  say_ending(lock, ending);
  forget_pids(record);
  if (record.remove && noted_ender(places, record.id) != explain::Ender::kRestart) {
    warn(log, remove_with_image(places, record));
    leave_pod(places, record.pod, log);
    return;
  }
  warn(log, kernel::replace_file(places.container(record.id) + "/" + kEndingFile, to_json(ending), 0600));
  warn(log, kernel::remove_tree(places.live(record.id)));
  leave_pod(places, record.pod, log);
}

Ending conclude(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status, int lock,
                const Log& log) {
  const Ending ending = settle(places, record, live, wait_status, log);
  put_away(places, record, ending, lock, log);
  return ending;
}

void sweep(const Places& places, const Log& log, SweepExtent extent) {
  warn(log, image::clear_unfinished(places.root));
  warn(log, clear_unfinished_volumes(places));
  end_abandoned(places, log, extent);
  warn(log, clear_unfinished_pods(places, log));
}

Result<Listing> list_swept(const Places& places, const Log& log) {
  sweep(places, log, SweepExtent::kSome);
  Listing listing = TRY(list_containers(places));
  const bool was_left = std::ranges::any_of(listing.containers, [](const Container& container) {
    return container.record.started && !container.live && !container.ending;
  });
  if (!was_left) return listing;
  sweep(places, log);
  return list_containers(places);
}

}  // namespace caisson::engine
