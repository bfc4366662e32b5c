#include "runtime/start.h"

#include <unistd.h>

#include <optional>

#include "execute/executor.h"
#include "host/probe.h"
#include "runtime/bundle.h"
#include "runtime/create.h"
#include "runtime/hooks.h"
#include "runtime/remove.h"

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

LaunchError words_of(const StateRoot& root, const Record& record, const plan::Failure& failure, pid_t pid) {
  const Result<Designed> past = design_again(root, record);
  if (!past) return refusal(past.error());
  const Result<plan::Plan> plan = plan::plan_container(past->bundle.config, past->facts, past->request);
  if (!plan) return refusal(plan.error());
  LaunchError error = told(*plan, failure, past->facts, diagnosis(*plan, failure, pid));
  error.line = "unable to start container process: " + error.line;
  return error;
}

Result<> run_poststart(const StateRoot& root, const Record& record) {
  const Bundle bundle = TRY(reread_bundle(record.bundle, root.config(record.id)));
  plan::Request request;
  request.state = {.id = record.id, .bundle = record.bundle, .annotations = record.annotations};
  return run_poststart_hooks(bundle.config, record.process.pid, host::probe(), request);
}

Result<std::optional<NotifyProxy>> proxy_of(const StateRoot& root, const Record& record) {
  const std::optional<std::string> socket = notify_socket();
  if (!record.choices.notifies || !socket) return std::optional<NotifyProxy>();
  return TRY(NotifyProxy::bind(root.notify_directory(record.id), *socket));
}

std::expected<void, LaunchError> pass_on(const std::optional<NotifyProxy>& proxy, const kernel::ProcessId& process) {
  if (!proxy) return {};
  const Result<Fd> pidfd = kernel::open_process(process);
  if (!pidfd) return {};  // it has ended already
  const Result<> passed = proxy->pass_on(process.pid, *pidfd);
  return passed ? std::expected<void, LaunchError>() : std::unexpected(refusal(passed.error()));
}

}  // namespace

std::expected<void, LaunchError> start(const StateRoot& root, const Container& container, const Log& log) {
  const Record& record = container.record;
  if (const Result<> may = check(container.status); !may) return std::unexpected(refusal(may.error()));
  Result<Fd> connection = connect_to_start(root, record.id);
  if (!connection) return std::unexpected(refusal(connection.error()));
  const Result<std::optional<NotifyProxy>> proxy = proxy_of(root, record);
  if (!proxy) return std::unexpected(refusal(proxy.error()));
  std::optional<LaunchError> error;
  const auto started = execute::start_waiting(
      std::move(*connection), record.process.pid,
      [&](const plan::Failure& failure, pid_t pid) { error = words_of(root, record, failure, pid); });
  ::unlink(root.start_socket(record.id).c_str());
  if (!started) return std::unexpected(error ? *error : words_of(root, record, started.error(), 0));
  const Result<> hooks = run_poststart(root, record);
  if (hooks) return pass_on(*proxy, record.process);
  // It ends there, as if it were deleted (runtime.md, "Lifecycle").
  const Result<> removed = remove(root, container, Force::kYes, log);
  if (!removed) log.warning(removed.error().text());
  return std::unexpected(refusal(hooks.error()));
}

}  // namespace caisson::runtime
