#include "comparison.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>

#include "host.h"

namespace caisson::bench {
namespace {

bool must_end() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
         sigismember(&pending, SIGHUP) == 1;
}

}  // namespace

std::optional<int> end_asked() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const timespec at_once{};
  const int signal = sigtimedwait(&signals, nullptr, &at_once);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

Comparison::~Comparison() {
  others_.reset();
  for (Entry& entry : entries_) {
    entry.prepared.task.reset();
    if (entry.contender->clean != nullptr) entry.contender->clean(fixture_);
  }
  remove_fixture(fixture_);
}

Result<std::optional<int>> Comparison::prepare() {
  if (options_.mounts > 0) TRY_IN("--mounts", add_mounts(options_.mounts, fixture_.directory / "mounts"));
  for (const Contender* contender : options_.chosen) {
    auto prepared = bench::prepare(*contender, fixture_, options_.work);
    if (const auto signal = end_asked()) return signal;
    if (!prepared) {
      left_out_.push_back({contender->name, prepared.error().text()});
      continue;
    }
    Entry& entry = entries_.emplace_back(Entry{.contender = contender, .prepared = std::move(*prepared)});
    const bool is_ready = warm_up(entry);
    if (const auto signal = end_asked()) return signal;
    if (is_ready) continue;
    entry.prepared.task.reset();
    if (contender->clean != nullptr) contender->clean(fixture_);
    entries_.pop_back();
  }
  if (options_.containers > 0 && !entries_.empty()) {
    const auto started = start_others();
    if (const auto signal = end_asked()) return signal;
    TRY_IN("--containers", started);
  }
  return std::nullopt;
}

bool Comparison::warm_up(Entry& entry) {
  for (std::uint64_t turn = 0; turn < options_.warm_up && !must_end(); ++turn) {
    const auto sample = entry.prepared.task->turn();
    reap_orphans();
    if (sample) continue;
    left_out_.push_back({entry.contender->name, sample.error().text()});
    return false;
  }
  return true;
}

/// Of caisson-oci, or of the first runtime: the floor's only if there is no other.
Result<> Comparison::start_others() {
  const Entry* owner = nullptr;
  for (const Entry& entry : entries_) {
    if (!entry.prepared.runtime) continue;
    const bool is_better = owner == nullptr || owner->prepared.runtime->is_floor;
    if (is_better || entry.contender->name == "caisson-oci") owner = &entry;
  }
  if (owner == nullptr) return fail(complaint("no runtime of bundles takes part"));
  owner_of_others_ = owner->contender->name;
  fmt::print(stderr, "compare: {} starts {} containers\n", owner_of_others_, options_.containers);
  others_.emplace(TRY(Sleepers::make(fixture_, owner->prepared.runtime, options_.containers, must_end)));
  return {};
}

Result<std::optional<int>> Comparison::measure() {
  for (std::uint64_t round = 0; round < options_.rounds; ++round) {
    for (std::size_t turn = 0; turn < entries_.size(); ++turn) {
      Entry& entry = entries_[(round + turn) % entries_.size()];
      const auto sample = entry.prepared.task->turn();
      if (const auto signal = end_asked()) return signal;
      entry.samples.push_back(TRY_IN(fmt::format("{}, round {}", entry.contender->name, round + 1), sample));
      reap_orphans();
    }
  }
  for (Entry& entry : entries_) {
    auto limit = entry.prepared.task->least_limit_kib();
    if (const auto signal = end_asked()) return signal;
    entry.least_limit_kib = TRY_IN(entry.contender->name, std::move(limit));
  }
  return std::nullopt;
}

}  // namespace caisson::bench
