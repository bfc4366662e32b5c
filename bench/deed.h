// What is measured: one turn of it, again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime.h"

namespace caisson::bench {

enum class Deed : std::uint8_t { kRun, kCreate, kExec, kMany, kMemory };

struct DeedWord {
  Deed deed;
  std::string_view word;
  std::string_view what;  ///< for --help
};
std::span<const DeedWord> deed_words();
std::string_view word_of(Deed deed);

/// What a contender is asked to do.
struct Work {
  Deed deed = Deed::kRun;
  bool is_filtered = false;    ///< the bundle with podman's seccomp profile
  std::uint64_t at_once = 50;  ///< of Deed::kMany
};

/// A contender with its preparations made. They are undone at its end.
class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  /// One turn, with its time, or for Deed::kMemory the peak of the resident memory. Errors: a run that failed.
  virtual Result<Sample> turn() = 0;

  /// The commands of a turn, for the report.
  virtual std::vector<std::vector<std::string>> commands() const = 0;

  /// The smallest limit of memory, in KiB, with which `true` runs; none if that is not asked. Errors: it does not run
  /// with any.
  virtual Result<std::optional<std::uint64_t>> least_limit_kib() { return std::nullopt; }
};

/// A program that is run as it is: Deed::kRun.
std::unique_ptr<Task> prepare_launch(const Fixture& fixture, Launch launch);

/// A runtime at `work`, with its bundles. Errors: they cannot be written, the container of an exec cannot be made, the
/// programs for Deed::kMemory are not built.
Result<std::unique_ptr<Task>> prepare_runtime(const Fixture& fixture, std::shared_ptr<const Runtime> runtime,
                                              const Work& work);

/// Containers of `runtime` that sleep until this object goes.
class Sleepers {
 public:
  /// Errors: one could not be started, `is_ended` says that they are not wanted any more.
  static Result<Sleepers> make(const Fixture& fixture, std::shared_ptr<const Runtime> runtime, std::uint64_t count,
                               bool (*is_ended)());

 private:
  std::shared_ptr<const Runtime> runtime_;
  std::vector<CreatedContainer> containers_;
};

}  // namespace caisson::bench
