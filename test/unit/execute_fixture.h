// What the tests of the executor share: plans made by hand, and a fixture that sees to it that nothing is left.
#pragma once

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execute/executor.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "plan/build.h"
#include "plan/check.h"

namespace caisson::execute {

using namespace plan;  // the vocabulary of the plans
using testing::IsEmpty;

inline constexpr std::string_view kMissing = "/nonexistent/file";

// A plan made by hand, with what every plan has around it.
class Script {
 public:
  Plan plan;

  Text text(std::string_view text) { return plan.add(text); }
  std::size_t parent(Action action, Undo undo = Undo::kNone) {
    plan.append(Lane::kParent, "", "", action).undo = undo;
    return plan.lane(Lane::kParent).size() - 1;
  }
  std::size_t child(Action action) {
    plan.append(Lane::kChild, "", "", action);
    return plan.lane(Lane::kChild).size() - 1;
  }
  Step& child_step(Action action) { return plan.append(Lane::kChild, "", "", action); }

  // The child, as root of a user namespace of its own if `flags` has one.
  void spawn(std::uint64_t flags = 0) {
    parent(Spawn{.lane = Lane::kChild, .flags = flags, .pid = pid_, .pidfd = pidfd_}, Undo::kKill);
    if ((flags & CLONE_NEWUSER) != 0) map_ids();
  }
  void map_ids() {
    const auto map = [&](std::uint32_t id) { return text("0 " + std::to_string(id) + " 1\n"); };
    parent(MapIds{.pid = pid_, .uid_map = map(::geteuid()), .gid_map = map(::getegid()), .deny_setgroups = true},
           Undo::kInside);
    parent(Signal{Tag::kPrepared});
    child(Await{Tag::kPrepared});
    child(SetIds{.set_groups = false, .set_capabilities = false});
  }

  // A launcher that clones the child; what it does before comes from `prepare`.
  void launch(std::optional<Action> prepare = {}) {
    parent(Spawn{.lane = Lane::kLauncher, .pid = plan.new_slot("launcher")}, Undo::kKill);
    if (prepare) plan.append(Lane::kLauncher, "", "", *prepare);
    plan.append(Lane::kLauncher, "", "",
                Spawn{.lane = Lane::kChild, .flags = CLONE_PARENT, .pid = pid_, .pidfd = pidfd_})
        .undo = Undo::kKill;
    plan.append(Lane::kLauncher, "", "", SendDescriptor{.descriptor = pidfd_, .value = pid_});
    parent(ReceiveDescriptor{.descriptor = pidfd_, .value = pid_}, Undo::kKill);
    parent(Signal{Tag::kPrepared});
    child(Await{Tag::kPrepared});
  }

  std::size_t hook(const std::string& script, std::uint32_t timeout_s = 0, Lane lane = Lane::kParent) {
    plan.append(lane, "hook", "",
                RunHook{.path = plan.add("/bin/sh"),
                        .arguments = plan.add(std::vector<std::string>{"sh", "-c", script}),
                        .environment = plan.add(std::vector<std::string>{"A=b"}),
                        .before_pid = plan.add("{\"pid\":"),
                        .after_pid = plan.add("}"),
                        .pid = lane == Lane::kParent ? pid_ : kNoSlot,
                        .timeout_s = timeout_s});
    return plan.lane(lane).size() - 1;
  }
  void ready() {
    child(Signal{Tag::kReady});
    parent(Await{Tag::kReady});
  }
  std::size_t exec(const std::vector<std::string>& candidates,
                   const std::vector<std::string>& arguments = {"program"}) {
    return child(Exec{.candidates = plan.add(candidates),
                      .arguments = plan.add(arguments),
                      .environment = plan.add(std::vector<std::string>{"A=b", "PATH=/usr/bin:/bin", "HOME="})});
  }
  void shell(const std::string& script) { exec({"/bin/sh"}, {"sh", "-c", script}); }

 private:
  Slot pid_ = plan.new_slot(kSlotPid);
  Slot pidfd_ = plan.new_slot(kSlotPidfd);
};

inline std::size_t open_descriptors() { return kernel::list_directory("/proc/self/fd")->size(); }

// Whatever a test does, it leaves no process and no descriptor behind.
class Execute : public testing::Test {
 protected:
  ~Execute() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a process is left";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor is left";
  }

  std::expected<Started, Failure> run(const Plan& plan, const Examine& examine = {}) {
    EXPECT_THAT(broken_rules(plan), IsEmpty());
    Executor executor(plan);
    return executor.run(examine);
  }

  // The exit status of the program, or -1 if it was never executed.
  int status_of(const Plan& plan) {
    const auto started = run(plan);
    if (!started) {
      const StepFailure& what = started.error().what;
      ADD_FAILURE() << "step " << what.step << ": " << call_name(what.call) << ": " << std::strerror(what.error);
      return -1;
    }
    return *kernel::wait_for(started->pid);
  }

  Failure failure_of(const Plan& plan, const Examine& examine = {}) {
    auto started = run(plan, examine);
    if (!started) return std::move(started).error();
    ADD_FAILURE() << "the program was executed";
    (void)kernel::wait_for(started->pid);
    return {};
  }

  static void expect_failure(const Failure& failure, Lane lane, std::size_t step, Call call, int error,
                             int alternative = 0) {
    EXPECT_EQ(failure.lane, lane);
    EXPECT_EQ(failure.what.step, step);
    EXPECT_EQ(call_name(failure.what.call), call_name(call));
    EXPECT_EQ(failure.what.error, error);
    EXPECT_EQ(failure.what.alternative, alternative);
    EXPECT_THAT(failure.undo, IsEmpty());
  }

 private:
  std::size_t descriptors_ = open_descriptors();
};

inline bool has_user_namespaces() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  return kernel::wait_for(child) == 0;
}

}  // namespace caisson::execute
