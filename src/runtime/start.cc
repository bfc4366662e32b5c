#include "runtime/start.h"

#include <signal.h>
#include <unistd.h>

#include <optional>

#include "execute/executor.h"
#include "host/probe.h"
#include "runtime/create.h"
#include "runtime/hooks.h"

namespace caisson::runtime {

namespace {

Result<> check(Status status) {
  switch (status) {
    case Status::kCreated: return {};
    case Status::kCreating: return fail(complaint("cannot start a container that is still being created"));
    case Status::kRunning:
    case Status::kPaused: return fail(complaint("cannot start an already running container"));
    case Status::kStopped: return fail(complaint("cannot start a container that has stopped"));
  }
  return {};
}

// What the container was made with: needed where there is something to tell, or a hook.
struct Past {
  spec::Config config;
  HostFacts facts;
  plan::Request request;
};
Result<Past> past_of(const StateRoot& root, const Record& record) {
  Past past{.config = TRY(reread_bundle(record.bundle, root.config(record.id))).config, .facts = host::probe()};
  past.request = request_of(record.id, record.bundle, Begin::kWhenStarted);
  complete(past.config, record.id);
  return past;
}

LaunchError words_of(const StateRoot& root, const Record& record, const plan::Failure& failure, pid_t pid) {
  const Result<Past> past = past_of(root, record);
  if (!past) return refusal(past.error());
  const Result<plan::Plan> plan = plan::plan_container(past->config, past->facts, past->request);
  if (!plan) return refusal(plan.error());
  LaunchError error = told(*plan, failure, past->facts, diagnosis(*plan, failure, pid));
  error.line = "unable to start container process: " + error.line;
  return error;
}

Result<> run_poststart(const StateRoot& root, const Record& record) {
  const Past past = TRY(past_of(root, record));
  return run_poststart_hooks(past.config, record.process.pid, past.facts, past.request);
}

}  // namespace

std::expected<void, LaunchError> start(const StateRoot& root, const Container& container) {
  const Record& record = container.record;
  if (const Result<> may = check(container.status); !may) return std::unexpected(refusal(may.error()));
  Result<Fd> connection = connect_to_start(root, record.id);
  if (!connection) return std::unexpected(refusal(connection.error()));
  std::optional<LaunchError> error;
  const auto started =
      execute::start_waiting(std::move(*connection), record.process.pid, [&](const plan::Failure& failure, pid_t pid) {
        error = words_of(root, record, failure, pid);
      });
  ::unlink(root.start_socket(record.id).c_str());
  if (!started) return std::unexpected(error ? *error : words_of(root, record, started.error(), 0));
  const Result<> hooks = run_poststart(root, record);
  if (hooks) return {};
  if (const Result<Fd> process = kernel::open_process(record.process)) (void)kernel::send_signal(process->get(), SIGKILL);
  return std::unexpected(refusal(hooks.error()));
}

}  // namespace caisson::runtime
