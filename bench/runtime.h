// A program that makes containers of bundles: how it is told what to do.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bundle.h"
#include "fixture.h"

namespace caisson::bench {

/// A container of one runtime.
struct Subject {
  std::string id;
  std::filesystem::path bundle;  ///< with config.json, and what the runtime writes about the container for its caller
  BundleContents contents;
};

/// runc's command line, which crun and caisson-oci have too; or the floor's.
struct Runtime {
  std::string name;
  std::string program;
  std::filesystem::path root;                      ///< where it keeps its state
  std::shared_ptr<const Fd> mount_namespace = {};  ///< that it works in
  std::filesystem::path filter = {};               ///< the floor's, for filtered bundles
  bool is_floor = false;

  Launch run(const Subject& subject) const;
  Launch create(const Subject& subject) const;
  Launch start(const Subject& subject) const;
  Launch remove(const Subject& subject) const;
  Launch remove_by_force(const Subject& subject) const;

  /// `true` in the container, whose first process is `container`.
  Launch exec(const Subject& subject, pid_t container) const;

 private:
  Launch launch(std::vector<std::string> words) const;
  Launch floors(const Subject& subject, std::vector<std::string> words) const;
};

/// A subject of `runtime` that nobody else has, with its bundle written. Errors: it cannot be written.
Result<Subject> make_subject(const Fixture& fixture, const Runtime& runtime, std::string_view suffix,
                             BundleContents contents);

/// A container that was created, and is removed with its cgroups and processes at the end of this object.
class CreatedContainer {
 public:
  /// Creates it. Errors: the runtime's.
  static Result<CreatedContainer> make(const Fixture& fixture, const Runtime& runtime, Subject subject);
  CreatedContainer(const CreatedContainer&) = delete;
  CreatedContainer(CreatedContainer&& other) noexcept;
  CreatedContainer& operator=(const CreatedContainer&) = delete;
  CreatedContainer& operator=(CreatedContainer&&) = delete;
  ~CreatedContainer();

  /// Starts what it is to run. Errors: the runtime's.
  Result<> start() const;

  const Subject& subject() const { return subject_; }
  pid_t process() const { return process_; }

 private:
  CreatedContainer(const Fixture& fixture, const Runtime& runtime, Subject subject, pid_t process);

  const Fixture* fixture_;
  const Runtime* runtime_;
  Subject subject_;
  pid_t process_;
};

/// What a runtime has written into its --pid-file.
Result<pid_t> read_pid_file(const Subject& subject);

}  // namespace caisson::bench
