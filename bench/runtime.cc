#include "runtime.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>

namespace caisson::bench {
namespace {

std::string pid_file(const Subject& subject) { return subject.bundle / "pid"; }
std::string fifo(const Subject& subject) { return subject.bundle / "fifo"; }

}  // namespace

Launch Runtime::launch(std::vector<std::string> words) const {
  words.insert(words.begin(), program);
  return {.command = std::move(words), .mount_namespace = mount_namespace};
}

/// The floor is told by options what others read in config.json. Its cgroups are called as the container.
Launch Runtime::floors(const Subject& subject, std::vector<std::string> words) const {
  std::vector<std::string> all{"--name", subject.id};
  if (subject.contents.is_filtered) all.insert(all.end(), {"--filter", filter});
  if (subject.contents.memory_limit_bytes != 0)
    all.insert(all.end(), {"--memory", std::to_string(subject.contents.memory_limit_bytes)});
  all.insert(all.end(), words.begin(), words.end());
  return launch(std::move(all));
}

Launch Runtime::run(const Subject& subject) const {
  if (!is_floor) return launch({"--root", root, "run", "--bundle", subject.bundle, subject.id});
  std::vector<std::string> words{subject.contents.rootfs};
  words.insert(words.end(), subject.contents.args.begin(), subject.contents.args.end());
  return floors(subject, std::move(words));
}

Launch Runtime::create(const Subject& subject) const {
  if (!is_floor)
    return launch({"--root", root, "create", "--bundle", subject.bundle, "--pid-file", pid_file(subject), subject.id});
  std::vector<std::string> words{"--create", fifo(subject), "--pid-file", pid_file(subject), subject.contents.rootfs};
  words.insert(words.end(), subject.contents.args.begin(), subject.contents.args.end());
  return floors(subject, std::move(words));
}

Launch Runtime::start(const Subject& subject) const {
  if (is_floor) return launch({"--start", fifo(subject)});
  return launch({"--root", root, "start", subject.id});
}

Launch Runtime::remove(const Subject& subject) const {
  if (is_floor) return launch({"--name", subject.id, "--delete", fifo(subject)});
  return launch({"--root", root, "delete", subject.id});
}

Launch Runtime::remove_by_force(const Subject& subject) const {
  if (is_floor) return remove(subject);
  return launch({"--root", root, "delete", "--force", subject.id});
}

Launch Runtime::exec(const Subject& subject, pid_t container) const {
  if (is_floor) return floors(subject, {"--exec", std::to_string(container), "true"});
  return launch({"--root", root, "exec", subject.id, "true"});
}

Result<Subject> make_subject(const Fixture& fixture, const Runtime& runtime, std::string_view suffix,
                             BundleContents contents) {
  const std::string name = suffix.empty() ? runtime.name : fmt::format("{}-{}", runtime.name, suffix);
  const std::string id = fmt::format("{}-{}", fixture.id, name);
  contents.cgroup = "/" + id;
  Subject subject{.id = id, .bundle = fixture.state / "bundles" / name, .contents = std::move(contents)};
  TRY(write_bundle(subject.bundle, subject.contents));
  return subject;
}

Result<pid_t> read_pid_file(const Subject& subject) {
  pid_t process = 0;
  if (!(std::ifstream(pid_file(subject)) >> process)) return fail(complaint("no number in " + pid_file(subject)));
  return process;
}

// --- CreatedContainer ----------------------------------------------------------------------------------------------

CreatedContainer::CreatedContainer(const Fixture& fixture, const Runtime& runtime, Subject subject, pid_t process)
    : fixture_(&fixture), runtime_(&runtime), subject_(std::move(subject)), process_(process) {}

CreatedContainer::CreatedContainer(CreatedContainer&& other) noexcept
    : fixture_(other.fixture_),
      runtime_(std::exchange(other.runtime_, nullptr)),
      subject_(std::move(other.subject_)),
      process_(other.process_) {}

Result<CreatedContainer> CreatedContainer::make(const Fixture& fixture, const Runtime& runtime, Subject subject) {
  TRY(fixture.runner.run(runtime.create(subject)));
  const pid_t process = TRY(read_pid_file(subject));
  return CreatedContainer(fixture, runtime, std::move(subject), process);
}

Result<> CreatedContainer::start() const {
  TRY(fixture_->runner.run(runtime_->start(subject_)));
  return {};
}

CreatedContainer::~CreatedContainer() {
  if (runtime_ == nullptr) return;
  // As its subreaper this process is the parent of the container's first: until that was reaped it is no one else's.
  if (waitpid(process_, nullptr, WNOHANG) == 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  (void)fixture_->runner.run(runtime_->remove_by_force(subject_)).has_value();
}

}  // namespace caisson::bench
