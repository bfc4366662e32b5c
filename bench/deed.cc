#include "deed.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>

namespace caisson::bench {
namespace {

using Commands = std::vector<std::vector<std::string>>;

constexpr DeedWord kDeedWords[] = {
    {Deed::kRun, "run", "`run` of a container whose command is `true`"},
    {Deed::kCreate, "create", "`create` and `start` of the same, its end, and `delete`"},
    {Deed::kExec, "exec", "`exec` of `true` in a container that runs"},
    {Deed::kMany, "many", "`run` of many at once (--at-once), until the last has ended"},
    {Deed::kMemory, "memory", "the peak of resident memory of one process of `run`, and the smallest limit"},
};

const std::vector<std::string> kSleep = {"sleep", "31557600"};

BundleContents contents_of(const Fixture& fixture, const Work& work, std::vector<std::string> args) {
  return {.rootfs = fixture.rootfs, .cgroup = {}, .args = std::move(args), .is_filtered = work.is_filtered};
}

/// A program, from its fork until it was reaped.
class RunTask : public Task {
 public:
  RunTask(const Fixture& fixture, Launch launch) : fixture_(fixture), launch_(std::move(launch)) {}
  Result<Sample> turn() override { return fixture_.runner.run(launch_); }
  Commands commands() const override { return {launch_.command}; }

 private:
  const Fixture& fixture_;
  Launch launch_;
};

/// `runtime`, which may leave containers behind when it fails or is ended.
class RuntimeTask : public Task {
 public:
  RuntimeTask(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, std::vector<Subject> subjects)
      : fixture_(fixture), runtime_(std::move(runtime)), subjects_(std::move(subjects)) {}
  RuntimeTask(const RuntimeTask&) = delete;
  RuntimeTask& operator=(const RuntimeTask&) = delete;
  ~RuntimeTask() override {
    for (const Subject& subject : subjects_) {
      if (runtime_->is_floor) remove_cgroups(subject.id);  // it ends no processes
      (void)fixture_.runner.run(runtime_->remove_by_force(subject)).has_value();
    }
  }

 protected:
  const Fixture& fixture() const { return fixture_; }
  const Runtime& runtime() const { return *runtime_; }
  const std::vector<Subject>& subjects() const { return subjects_; }

 private:
  const Fixture& fixture_;
  std::shared_ptr<const Runtime> runtime_;
  std::vector<Subject> subjects_;
};

/// One or many `run`s at once.
class RunsTask : public RuntimeTask {
 public:
  RunsTask(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, std::vector<Subject> subjects)
      : RuntimeTask(fixture, std::move(runtime), std::move(subjects)) {
    for (const Subject& subject : this->subjects()) launches_.push_back(this->runtime().run(subject));
  }
  Result<Sample> turn() override {
    return launches_.size() == 1 ? fixture().runner.run(launches_.front()) : fixture().runner.run_together(launches_);
  }
  Commands commands() const override { return {launches_.front().command}; }

 private:
  std::vector<Launch> launches_;
};

/// Create, start, the end of the container, delete: what the callers of runtimes do.
class CreateTask : public RuntimeTask {
 public:
  CreateTask(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, const Subject& subject)
      : RuntimeTask(fixture, std::move(runtime), {subject}),
        create_(this->runtime().create(subject)),
        start_(this->runtime().start(subject)),
        remove_(this->runtime().remove(subject)) {}

  Result<Sample> turn() override {
    const Runner& runner = fixture().runner;
    const std::int64_t start_ns = monotonic_ns();
    const Sample created = TRY_IN("create", runner.run(create_));
    const pid_t process = TRY(read_pid_file(subjects().front()));
    const Sample started = TRY_IN("start", runner.run(start_));
    // The process is this one's child: its parents are gone, and this one takes care of orphans.
    const Sample ended = TRY_IN("the container", await(process, kPatience));
    const Sample removed = TRY_IN("delete", runner.run(remove_));
    const std::int64_t end_ns = monotonic_ns();
    if (ended.status != 0) return fail(complaint(fmt::format("the container: wait status {}", ended.status)));
    return Sample{.wall_ns = end_ns - start_ns,
                  .max_rss_kib = std::max({created.max_rss_kib, started.max_rss_kib, removed.max_rss_kib}),
                  .status = 0};
  }
  Commands commands() const override { return {create_.command, start_.command, remove_.command}; }

 private:
  Launch create_, start_, remove_;
};

class ExecTask : public Task {
 public:
  ExecTask(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, CreatedContainer container)
      : fixture_(fixture),
        runtime_(std::move(runtime)),
        container_(std::move(container)),
        launch_(runtime_->exec(container_.subject(), container_.process())) {}
  Result<Sample> turn() override { return fixture_.runner.run(launch_); }
  Commands commands() const override { return {launch_.command}; }

 private:
  const Fixture& fixture_;
  std::shared_ptr<const Runtime> runtime_;
  CreatedContainer container_;
  Launch launch_;
};

/// The peak of a runtime; and how little memory its containers need, found by halving.
class MemoryTask : public RuntimeTask {
 public:
  /// `peak` is the program; the runtime runs below it.
  MemoryTask(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, const Subject& subject,
             const std::string& peak)
      : RuntimeTask(fixture, std::move(runtime), {subject}),
        file_(subject.bundle / "peak"),
        launch_(this->runtime().run(subject)) {
    launch_.command.insert(launch_.command.begin(), {peak, file_});
  }

  Result<Sample> turn() override {
    Sample sample = TRY(fixture().runner.run(launch_));
    if (!(std::ifstream(file_) >> sample.max_rss_kib)) return fail(complaint("no number in " + file_));
    return sample;
  }
  Commands commands() const override { return {launch_.command}; }

  Result<std::optional<std::uint64_t>> least_limit_kib() override {
    constexpr std::uint64_t kPage = 4, kMost = 65'536;
    if (!TRY(works_with(kMost))) return fail(complaint(fmt::format("does not run with a limit of {} KiB", kMost)));
    std::uint64_t too_few = 0, enough = kMost;
    while (enough - too_few > kPage) {
      const std::uint64_t middle = (too_few + enough) / 2 / kPage * kPage;
      (TRY(works_with(middle)) ? enough : too_few) = middle;
    }
    return enough;
  }

 private:
  /// Whether `true` runs five times of five.
  Result<bool> works_with(std::uint64_t limit_kib) {
    constexpr int kTimes = 5;
    Subject limited = subjects().front();
    limited.contents.memory_limit_bytes = limit_kib * 1024;
    limited.contents.args = {"true"};
    TRY(write_bundle(limited.bundle, limited.contents));
    const Launch launch = runtime().run(limited);
    for (int time = 0; time < kTimes; ++time) {
      if (fixture().runner.run(launch, std::chrono::seconds(10))) continue;
      (void)fixture().runner.run(runtime().remove_by_force(limited)).has_value();
      remove_cgroups(limited.id);
      reap_orphans();
      return false;
    }
    return true;
  }

  std::string file_;
  Launch launch_;
};

Result<std::unique_ptr<Task>> prepare_memory(const Fixture& fixture, std::shared_ptr<const Runtime> runtime,
                                             const Work& work) {
  const std::string peak = TRY(find_built(fixture, "bench/peak"));
  std::error_code error;
  std::filesystem::copy_file(TRY(find_built(fixture, "bench/nothing")), fixture.rootfs / "bin/nothing",
                             std::filesystem::copy_options::overwrite_existing, error);
  if (error) return fail(complaint("cannot copy bench/nothing: " + error.message()));
  Subject subject = TRY(make_subject(fixture, *runtime, "", contents_of(fixture, work, {"nothing"})));
  return std::make_unique<MemoryTask>(fixture, std::move(runtime), subject, peak);
}

Result<std::unique_ptr<Task>> prepare_exec(const Fixture& fixture, std::shared_ptr<const Runtime> runtime,
                                           const Work& work) {
  Subject subject = TRY(make_subject(fixture, *runtime, "", contents_of(fixture, work, kSleep)));
  CreatedContainer container = TRY(CreatedContainer::make(fixture, *runtime, std::move(subject)));
  TRY(container.start());
  return std::make_unique<ExecTask>(fixture, std::move(runtime), std::move(container));
}

}  // namespace

std::span<const DeedWord> deed_words() { return kDeedWords; }

std::string_view word_of(Deed deed) { return std::ranges::find(kDeedWords, deed, &DeedWord::deed)->word; }

std::unique_ptr<Task> prepare_launch(const Fixture& fixture, Launch launch) {
  return std::make_unique<RunTask>(fixture, std::move(launch));
}

Result<std::unique_ptr<Task>> prepare_runtime(const Fixture& fixture, std::shared_ptr<const Runtime> runtime,
                                              const Work& work) {
  if (work.deed == Deed::kExec) return prepare_exec(fixture, std::move(runtime), work);
  if (work.deed == Deed::kMemory) return prepare_memory(fixture, std::move(runtime), work);
  const std::uint64_t count = work.deed == Deed::kMany ? work.at_once : 1;
  std::vector<Subject> subjects;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string suffix = count == 1 ? std::string() : std::to_string(i);
    subjects.push_back(TRY(make_subject(fixture, *runtime, suffix, contents_of(fixture, work, {"true"}))));
  }
  if (work.deed == Deed::kCreate) return std::make_unique<CreateTask>(fixture, std::move(runtime), subjects.front());
  return std::make_unique<RunsTask>(fixture, std::move(runtime), std::move(subjects));
}

Result<Sleepers> Sleepers::make(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, std::uint64_t count,
                                bool (*is_ended)()) {
  Sleepers sleepers;
  sleepers.runtime_ = std::move(runtime);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (is_ended()) return fail(complaint("ended by a signal"));
    Subject subject =
        TRY(make_subject(fixture, *sleepers.runtime_, fmt::format("other-{}", i), contents_of(fixture, {}, kSleep)));
    CreatedContainer container = TRY(CreatedContainer::make(fixture, *sleepers.runtime_, std::move(subject)));
    TRY(container.start());
    sleepers.containers_.push_back(std::move(container));
  }
  return sleepers;
}

}  // namespace caisson::bench
