#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "execute_fixture.h"
#include "temporary_directory.h"

namespace caisson::execute {
namespace {

TEST_F(Execute, HooksOfBothLanesReadTheStateAndAreWaitedFor) {
  const std::string seen = testing::TempDir() + "hooks";
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    Script script;
    script.spawn();
    if (lane == Lane::kChild) script.hook("cat >" + seen + "; echo \" $A $HOME\" >>" + seen, 0, lane);
    script.ready();
    if (lane == Lane::kParent) script.hook("cat >" + seen + "; echo \" $A $HOME\" >>" + seen, 0, lane);
    script.shell("exit 3");
    EXPECT_EQ(status_of(script.plan) >> 8, 3);
    EXPECT_THAT(*kernel::read_file(seen), testing::MatchesRegex("\\{\"pid\":[1-9][0-9]*\\} b \n"));
  }
  ::unlink(seen.c_str());
}

// A program in systemd's place: a script that has what it is asked on its standard input.
class AskedSystemd : public Execute {
 protected:
  AskedSystemd() { ::mkdir(directory_.c_str(), 0700); }
  ~AskedSystemd() override { std::filesystem::remove_all(directory_); }

  std::size_t ask(Script& script, const std::string& commands) {
    const std::string program = directory_ + "/program";
    EXPECT_TRUE(kernel::write_new_file(program, "#!/bin/sh\n" + commands, 0700));
    return script.parent(AskSystemd{.program = script.text(program),
                                    .unit = script.text("a.scope"),
                                    .request = script.plan.add(std::vector<std::string>{"start", "a b"}),
                                    .undo = script.plan.add(std::vector<std::string>{"stop"}),
                                    .pid = script.plan.find_slot(kSlotPid)},
                         Undo::kRemove);
  }
  std::string seen() const { return kernel::read_file(directory_ + "/seen").value_or(""); }
  std::string remember() const { return "{ tr '\\0' '|'; echo; } >>" + directory_ + "/seen\n"; }

  std::string directory_ = testing::TempDir() + "systemd";
};

TEST_F(AskedSystemd, HasItsRequestAndTheNumberOfTheProcess) {
  Script script;
  script.spawn();
  ask(script, remember() + "echo ignored");
  script.ready();
  script.shell("exit 3");
  EXPECT_EQ(status_of(script.plan) >> 8, 3);
  EXPECT_THAT(seen(), testing::MatchesRegex("start\\|a b\\|[1-9][0-9]*\\|\n"));
}

TEST_F(AskedSystemd, IsAskedToTakeBackWhatWasDone) {
  Script script;
  script.spawn();
  ask(script, remember());
  script.parent(WriteFile{.path = script.text("/nowhere/x"), .value = script.text("1")}, Undo::kInside);
  script.ready();
  script.shell("exit 0");
  EXPECT_EQ(failure_of(script.plan).what.call, Call::kOpen);
  EXPECT_THAT(seen(), testing::MatchesRegex("start\\|a b\\|[1-9][0-9]*\\|\nstop\\|\n"));
}

TEST_F(AskedSystemd, FailsWithItsOwnWordsAndTakesNothingBack) {
  Script script;
  script.spawn();
  const std::size_t step = ask(script, remember() + "echo it is mine; echo ask the other; exit 1");
  script.ready();
  script.shell("exit 0");
  const Failure failure = failure_of(script.plan);
  EXPECT_EQ(failure.what.step, step);
  EXPECT_EQ(failure.what.call, Call::kSystemd);
  EXPECT_EQ(failure.said, "it is mine\nask the other\n");
  EXPECT_THAT(seen(), testing::Not(testing::HasSubstr("stop")));
}

TEST_F(AskedSystemd, ThatIsNotThereIsAFailedExecution) {
  Script script;
  script.spawn();
  script.parent(AskSystemd{.program = script.text("/nowhere/systemd"), .unit = script.text("a.scope")}, Undo::kRemove);
  script.ready();
  script.shell("exit 0");
  const Failure failure = failure_of(script.plan);
  EXPECT_EQ(failure.what.call, Call::kExecve);
  EXPECT_EQ(failure.what.error, ENOENT);
}

TEST_F(AskedSystemd, MaySayMoreThanIsKept) {
  Script script;
  script.spawn();
  ask(script, "head -c 100000 /dev/zero | tr '\\0' x; exit 1");
  script.ready();
  script.shell("exit 0");
  EXPECT_EQ(failure_of(script.plan).said.size(), 1023U);
}

TEST_F(Execute, AHookThatFailsFailsItsStep) {
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    const auto failing = [&](const std::string& command, std::uint32_t timeout_s) {
      Script script;
      script.spawn();
      const std::size_t step = script.hook(command, timeout_s, lane);
      script.ready();
      script.shell("exit 0");
      const Failure failure = failure_of(script.plan);
      EXPECT_EQ(failure.lane, lane);
      EXPECT_EQ(failure.what.step, step);
      return failure;
    };
    const Failure status = failing("echo first; echo last >&2; exit 7", 0);
    EXPECT_EQ(status.what.call, Call::kHookStatus);
    EXPECT_EQ(status.what.operand, 7 << 8);
    EXPECT_EQ(status.said, "first\nlast\n");
    EXPECT_EQ(failing("kill -9 $$", 0).what.operand, SIGKILL);
    const Failure late = failing("echo slow; exec sleep 100", 1);
    EXPECT_EQ(late.what.call, Call::kHookTimeout);
    EXPECT_EQ(late.said, "slow\n");
    EXPECT_EQ(failing("head -c 5000 /dev/zero | tr '\\0' x; exit 1", 0).said, std::string(kSaidBytes - 1, 'x'));
  }
}

TEST_F(Execute, AForcedStepIsTheOneThatFails) {
  Script script;
  script.spawn();
  script.child(SetAttribute{.attribute = Attribute::kNewSession});
  script.ready();
  script.shell("exit 0");
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    for (std::size_t step = 0; step < script.plan.lane(lane).size(); ++step) {
      Executor executor(script.plan);
      executor.fail_at(lane, static_cast<std::uint16_t>(step), EXDEV);
      const auto run = executor.run({});
      ASSERT_FALSE(run) << step;
      EXPECT_EQ(run.error().lane, lane);
      EXPECT_EQ(run.error().what.step, step);
      EXPECT_EQ(run.error().what.call, Call::kForced);
      EXPECT_EQ(run.error().what.error, EXDEV);
    }
  }
}

}  // namespace
}  // namespace caisson::execute
