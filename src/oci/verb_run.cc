#include "oci/create_options.h"
#include "oci/foreground.h"
#include "runtime/remove.h"
#include "runtime/timings.h"

namespace caisson::oci {

namespace {

Result<> check(const CreateInput& input) {
  if (input.create.console_socket.empty() || input.detach) return {};
  return fail(complaint("cannot use console socket if runc will not detach or allocate tty",
                        "--detach, where somebody else is to serve the terminal"));
}

// One whose end this command saw goes with all that was kept of it.
int conclude(const Command& command, const runtime::Record& record, int status) {
  const Result<> removed =
      runtime::remove(command.root, {record, runtime::Status::kStopped}, runtime::Force::kYes, command.report.log());
  return removed ? status : refuse(command, removed.error());
}

int run_in_foreground(const Command& command, const CreateInput& input) {
  runtime::Stopwatch watch;
  hold_signals();
  auto created = runtime::create(command.root, input.create, command.report.log());
  if (!created) return refuse(command, created.error());
  watch.lap("create it, with the steps below");
  const pid_t pid = created->record.process.pid;
  if (created->notify)
    runtime::do_beside({created->notify->fd(), created->pidfd.get()},
                       [&] { (void)created->notify->pass_on(pid, created->pidfd); });
  const Result<int> status =
      await_end(pid, std::move(created->terminal), input.subreaper ? Reap::kAll : Reap::kItAlone);
  if (!status) return refuse(command, status.error());
  watch.lap("the program, until it has ended");
  if (input.timings) runtime::print_timings(watch.parts(), created->designed.plan, created->times);
  return input.keep ? *status : conclude(command, created->record, *status);
}

}  // namespace

int verb_run(const Command& command) {
  CreateInput input;
  int status = 0;
  const auto operands = read_options(command, run_table(), input, Order::kAnywhere, {}, status);
  if (!operands) return status;
  if (const Result<> sensible = check(input); !sensible) return refuse(command, sensible.error());
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  input.create.id = operands->front();
  input.create.begin = runtime::Begin::kAtOnce;
  input.create.choices.notifies = runtime::notify_socket().has_value();
  choose_cgroups(command, input.create);
  if (command.strict) input.create.strictness = spec::Strictness::kStrict;
  if (input.timings) input.create.times = runtime::Times::kYes;
  input.create.serves_terminal = !input.detach && own_terminal();
  if (!input.detach) return run_in_foreground(command, input);
  const auto created = runtime::create(command.root, input.create, command.report.log());
  if (!created) return refuse(command, created.error());
  if (!created->notify) return 0;
  const Result<> passed = created->notify->pass_on(created->record.process.pid, created->pidfd);
  return passed ? 0 : refuse(command, passed.error());
}

}  // namespace caisson::oci
