#include "execute/executor.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "execute/channel.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using plan::Call;
using plan::Lane;

namespace {

constexpr std::size_t kMarks = static_cast<std::size_t>(plan::kLanes) * plan::kSlots;
constexpr int kRemovalTries =
    500;  // a millisecond apart: the last process of a cgroup leaves it a little after it is reaped

std::int64_t monotonic_nanoseconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::vector<char*> pointers(const plan::Plan& plan, plan::Range range) {
  std::vector<char*> list;
  for (const plan::Text text : plan.texts(range)) list.push_back(const_cast<char*>(plan.c_str(text)));
  list.push_back(nullptr);
  return list;
}

bool remove_cgroup(const char* directory) {
  const struct timespec pause{0, 1'000'000};
  for (int tries = 0; tries < kRemovalTries; ++tries) {
    if (::rmdir(directory) == 0 || errno == ENOENT) return true;
    if (errno == EROFS && ::access(directory, F_OK) != 0 && errno == ENOENT) return true;
    if (errno != EBUSY) return false;
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

}  // namespace

Executor::Executor(const plan::Plan& plan) : plan_(plan), slots_(static_cast<std::size_t>(plan.slot_count()), -1) {
  context_.plan = &plan_;
  context_.slots = slots_.data();
  seal();
}

Executor::~Executor() {
  const auto close_slot = [&](plan::Slot slot) {
    if (slot != plan::kNoSlot && slots_[slot] >= 0) ::close(std::exchange(slots_[slot], -1));
  };
  for (const plan::Step& step : plan_.lane(Lane::kParent)) {
    if (const auto* file = std::get_if<plan::OpenFile>(&step.action)) close_slot(file->slot);
    if (const auto* tree = std::get_if<plan::OpenTree>(&step.action)) close_slot(tree->slot);
    if (const auto* spawn = std::get_if<plan::Spawn>(&step.action)) close_slot(spawn->pidfd);
    if (const auto* received = std::get_if<plan::ReceiveDescriptor>(&step.action)) close_slot(received->descriptor);
    if (const auto* made = std::get_if<plan::MakeUserNamespace>(&step.action)) close_slot(made->slot);
    if (const auto* device = std::get_if<plan::MoveNetworkDevice>(&step.action)) close_slot(device->network);
    if (const auto* cgroup = std::get_if<plan::MakeCgroup>(&step.action); cgroup && cgroup->first != plan::kNoSlot) {
      for (std::uint32_t i = 0; i < cgroup->directories.count; ++i)
        close_slot(static_cast<plan::Slot>(cgroup->first + i));
    }
  }
  if (context_.channel >= 0) ::close(context_.channel);
  if (context_.other_channel >= 0) ::close(context_.other_channel);
  if (marks_ != nullptr) ::munmap(marks_, kMarks * sizeof *marks_);
}

// From here on nothing about the plan changes, and everything the child needs is in memory.
void Executor::seal() {
  for (const plan::Step& step : plan_.lane(Lane::kChild)) {
    if (const auto* exec = std::get_if<plan::Exec>(&step.action)) {
      arguments_ = pointers(plan_, exec->arguments);
      environment_ = pointers(plan_, exec->environment);
      context_.pointers = {arguments_.data(), environment_.data()};
    }
  }
}

void Executor::give(std::string_view slot_name, int descriptor) {
  context_.put(plan_.find_slot(slot_name), descriptor);
}

void Executor::time_steps() {
  void* shared = ::mmap(nullptr, kMarks * sizeof *marks_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared != MAP_FAILED) context_.marks = marks_ = static_cast<std::int64_t*>(shared);
}

std::expected<Started, plan::Failure> Executor::run(const Examine& examine) {
  begun_ = monotonic_nanoseconds();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(failure_of(failed(Call::kSocket)));
  }
  context_.channel = ends[0];
  context_.other_channel = ends[1];

  const Outcome outcome = run_lane(context_);
  if (outcome.ok() && plan_.lane(Lane::kChild).empty()) return Started{};
  const bool waits = waits_for_start();
  if (outcome.ok() && (waits || await_execution())) {
    if (const pid_t launcher = spawned_pid(Lane::kLauncher); launcher > 0) ::waitpid(launcher, nullptr, 0);
    const auto take = [&](std::string_view name) {
      const plan::Slot slot = plan_.find_slot(name);
      return slot == plan::kNoSlot ? Fd() : Fd(std::exchange(slots_[slot], -1));
    };
    return Started{.pid = spawned_pid(Lane::kChild),
                   .pidfd = take("pidfd"),
                   .terminal = take("terminal"),
                   .network = take("network namespace of its own"),
                   .channel = Fd(waits ? std::exchange(context_.channel, -1) : -1)};
  }

  plan::Failure failure = failure_of(outcome);
  if (has_words(failure.what)) {
    if (failure.lane != Lane::kParent) receive_words(context_.channel, context_.said);
    failure.said = context_.said;
  }
  if (failure.lane != Lane::kParent && examine) examine(failure, std::max(spawned_pid(Lane::kChild), 0));
  end_processes(failure);
  undo(failure);
  return std::unexpected(std::move(failure));
}

bool Executor::waits_for_start() const {
  const std::vector<plan::Step>& steps = plan_.lane(Lane::kChild);
  return std::any_of(steps.begin(), steps.end(),
                     [](const plan::Step& step) { return std::holds_alternative<plan::AwaitStart>(step.action); });
}

// The child has said that it is ready. What follows is the end of file that execution brings, or its last failure.
bool Executor::await_execution() {
  Packet packet;
  int descriptor = -1;
  if (receive_packet(context_.channel, packet, descriptor) == Received::kEnd) return true;
  context_.received = packet.failure;
  context_.received_lane = packet.lane;
  return false;
}

plan::Failure Executor::failure_of(const Outcome& outcome) const {
  if (context_.received.call != Call::kNone) return {.lane = context_.received_lane, .what = context_.received};
  return {.lane = Lane::kParent, .what = {context_.step, outcome.call, 0, outcome.operand, outcome.error}};
}

pid_t Executor::spawned_pid(Lane lane) const {
  for (const Lane spawner : {Lane::kParent, Lane::kLauncher}) {
    for (const plan::Step& step : plan_.lane(spawner)) {
      const auto* spawn = std::get_if<plan::Spawn>(&step.action);
      if (spawn != nullptr && spawn->lane == lane) return slots_[spawn->pid];
    }
  }
  return -1;
}

void Executor::end_processes(plan::Failure& failure) {
  ::shutdown(context_.channel, SHUT_WR);  // who waits for an answer has it: end of file
  const bool fell_silent = failure.what.call == Call::kProtocol;
  // A launcher that has not said yet whom it made is left to say it: nobody else knows that child, which is ours.
  const bool child_is_known = spawned_pid(Lane::kChild) > 0;
  end_process(spawned_pid(Lane::kLauncher), !fell_silent && child_is_known, failure);
  if (!child_is_known) hear_of_child();
  end_process(spawned_pid(Lane::kChild), !fell_silent, failure);
  ::close(std::exchange(context_.channel, -1));
}

// One that failed ends by itself; one that was waiting for us is ended. Its number cannot be another's: it is our
// child.
void Executor::end_process(pid_t pid, bool kill, plan::Failure& failure) {
  if (pid <= 0) return;
  if (kill) ::kill(pid, SIGKILL);
  int status = 0;
  if (kernel::retry([&] { return ::waitpid(pid, &status, 0); }) == pid && failure.what.call == Call::kProtocol)
    failure.wait_status = status;
}

// From what the launcher had said before it ended.
void Executor::hear_of_child() {
  for (const plan::Step& step : plan_.lane(Lane::kLauncher)) {
    const auto* spawn = std::get_if<plan::Spawn>(&step.action);
    struct pollfd said{context_.channel, POLLIN, 0};
    while (spawn != nullptr && ::poll(&said, 1, 0) == 1) {
      Packet packet;
      int descriptor = -1;
      if (receive_packet(context_.channel, packet, descriptor) != Received::kPacket) return;
      if (descriptor >= 0) ::close(descriptor);
      if (packet.lane == Lane::kLauncher && packet.value > 0) slots_[spawn->pid] = packet.value;
    }
  }
}

void Executor::undo(plan::Failure& failure) {
  const std::vector<plan::Step>& steps = plan_.lane(Lane::kParent);
  const std::uint16_t reached =
      failure.lane == Lane::kParent ? failure.what.step : static_cast<std::uint16_t>(steps.size() - 1);
  for (std::uint16_t number = reached;; --number) {
    undo_step(number, failure);
    if (number == 0) break;
  }
}

void Executor::undo_step(std::uint16_t number, plan::Failure& failure) {
  const plan::Step& step = plan_.lane(Lane::kParent)[number];
  if (const auto* source = std::get_if<plan::MakeMountSource>(&step.action)) {
    ::remove(plan_.c_str(source->path));  // a directory that was not empty was there before
    return;
  }
  if (const auto* asked = std::get_if<plan::AskSystemd>(&step.action); asked != nullptr) {
    // What it did not do, its program has taken back itself: a unit of that name may be somebody else's.
    const bool is_done = failure.lane != Lane::kParent || failure.what.step != number;
    if (asked->undo.count == 0 || !is_done) return;
    const Outcome undone = ask_systemd(*asked, asked->undo, plan::kNoSlot, context_);
    if (!undone.ok()) {
      failure.undo.push_back({.lane = Lane::kParent,
                              .what = {number, undone.call, 0, undone.operand, undone.error},
                              .said = context_.said});
    }
    return;
  }
  Outcome taken = done();
  if (const auto* device = std::get_if<plan::MoveNetworkDevice>(&step.action)) taken = take_back(*device, context_);
  if (const auto* group = std::get_if<plan::JoinResctrlGroup>(&step.action)) taken = take_back(*group, context_);
  if (!taken.ok()) {
    failure.undo.push_back({.lane = Lane::kParent, .what = {number, taken.call, 0, taken.operand, taken.error}});
  }
  const auto* cgroup = std::get_if<plan::MakeCgroup>(&step.action);
  if (cgroup == nullptr || step.undo != plan::Undo::kRemove) return;
  std::uint16_t index = 0;
  for (const plan::Text directory : plan_.texts(cgroup->directories)) {
    if (!remove_cgroup(plan_.c_str(directory))) {
      failure.undo.push_back(
          {.lane = Lane::kParent, .what = {number, Call::kRmdir, 0, index, static_cast<std::int16_t>(errno)}});
    }
    ++index;
  }
}

std::vector<StepTime> Executor::step_times() const {
  std::vector<StepTime> times;
  if (marks_ == nullptr) return times;
  // A lane's clock starts when the step that spawned it was done.
  std::int64_t started[plan::kLanes] = {begun_, 0, 0};
  for (const Lane lane : {Lane::kParent, Lane::kLauncher, Lane::kChild}) {
    std::int64_t last = started[static_cast<std::size_t>(lane)];
    for (std::size_t i = 0; i < std::min<std::size_t>(plan_.lane(lane).size(), plan::kSlots); ++i) {
      const std::int64_t mark = marks_[static_cast<std::size_t>(lane) * plan::kSlots + i];
      if (mark == 0) break;
      times.push_back({lane, static_cast<std::uint16_t>(i), mark - last});
      last = mark;
      const auto* spawn = std::get_if<plan::Spawn>(&plan_.lane(lane)[i].action);
      if (spawn != nullptr) started[static_cast<std::size_t>(spawn->lane)] = mark;
    }
  }
  return times;
}

}  // namespace caisson::execute
