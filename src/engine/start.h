// A container started: from its plan to its end, or to the monitor that keeps it from then on.
#pragma once

#include <expected>
#include <string>

#include "base/log.h"
#include "engine/attach.h"
#include "engine/containers.h"
#include "engine/networking.h"
#include "engine/places.h"
#include "engine/prepare.h"
#include "engine/run_result.h"
#include "engine/streams.h"
#include "runtime/launch.h"
#include "runtime/notify.h"
#include "runtime/timings.h"

namespace caisson::engine {

/// One container on its way. What it has reserved is taken back if it does not start.
class Start {
 public:
  Start(Reservation reservation, Prepared prepared, Attendance attendance, const Places& places, const Log& log,
        runtime::Stopwatch& watch);

  const Record& record() const { return prepared_.record; }

  /// `before`: of the run that its policy starts it again after.
  void count_on(const Live& before);

  /// This process keeps it until it has ended: its exit status.
  RunResult in_foreground();

  /// A monitor keeps it. Detached, the result is 0 once it runs; attached, its exit status, or 0 if it was detached
  /// from.
  RunResult by_monitor();

  /// This process becomes its monitor, and does not return unless it could not be started; the lock is the caller's
  /// again then.
  runtime::LaunchError by_this_process(Fd& lock);

  /// A new container that is left to be started later: its id.
  Result<std::string> leave_created() &&;

 private:
  Result<Streams> streams() const;
  std::expected<runtime::Launched, runtime::LaunchError> launch(const Streams& streams);
  enum class Stage { kCreated, kStarted };
  Result<> write_record(Stage stage);
  Result<> write_recipe() const;
  Result<> write_running() const;
  Result<> write_state() const;
  Live read_state() const;
  Result<> write_pids() const;
  Result<> connect(int network_namespace);
  std::expected<runtime::Launched, runtime::LaunchError> launch_process(const Streams& streams);
  std::expected<void, runtime::LaunchError> connect_waiting(runtime::Launched& launched);
  Result<> write_hosts() const;
  Result<> keep_id() const;
  void forget_id() const;
  void print_id() const;
  void end_unkept(pid_t pid);
  void fall_back(const runtime::LaunchError& error);
  runtime::LaunchError become_monitor(const Fd& listener, int report);
  RunResult attach(Fd connection, int last_words_at);
  std::vector<std::string> check_command() const;
  Result<> listen_for_readiness();
  void announce(const Live& live) const;
  void announce_beside(const Live& live) const;

  Reservation reservation_;
  Prepared prepared_;
  Attendance attendance_;
  const Places& places_;
  const Log& log_;
  runtime::Stopwatch& watch_;
  Live live_;
  Connection connection_;  ///< to its networks
  std::string manager_;    ///< the socket of the service manager that is to hear of it; empty: none
  std::optional<runtime::NotifyProxy> notify_;
};

/// Starts those that a container requires and that do not run, detached. Error: one is gone, or does not start.
Result<> start_required(const Record& record, const Places& places, const Log& log);

/// Starts a container that does not run, those it requires first. Errors: those of Reservation::again() and of
/// prepare_again(), and what keeps it from starting, which is its ending then.
RunResult start(const Record& record, const Attendance& attendance, const Places& places, const Log& log,
                runtime::Stopwatch& watch);

}  // namespace caisson::engine
