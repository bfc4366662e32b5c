// Writes to files of cgroups that are in use: all of them, or none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::cgroup {

/// One write (cgroup/conversion.h's FileWrite says how it comes about).
struct Change {
  std::string path;             ///< "/sys/fs/cgroup/memory/caisson/ID/memory.limit_in_bytes"
  std::string value;            ///< without a newline
  std::string item;             ///< for errors: "linux.resources.memory.limit"
  std::string other_path = {};  ///< written instead, `other_value`, where there is no `path`
  std::string other_value = {};
  bool may_be_missing = false;
};

/// Makes `changes`. Which order the kernel accepts depends on what it holds (memory never above memory and swap
/// together, a burst never above the quota, no shares in an idle group): what is refused as invalid or busy is tried
/// again after the others, as long as that gets further.
///
/// When one is refused for good, those made before are taken back, by the files' former contents. The error is of the
/// first that was refused, with the words of runc for a memory limit: "unable to set memory limit to 10 (current usage:
/// 303104, peak usage: 2514944)". `then` is done after all of them; they are taken back where it fails, too.
Result<> apply(std::vector<Change> changes, const std::function<Result<>()>& then = nullptr);

/// Refuses limits that what is there exceeds already, which a v1 kernel does by itself and a v2 kernel answers with the
/// OOM killer (config-linux.md, checkBeforeUpdate). `directory` is the v2 cgroup's; limits of 0 and below do not count.
/// Nothing is refused where the usage cannot be read.
Result<> check_memory_usage(const std::string& directory, std::int64_t limit, std::int64_t memory_and_swap);

}  // namespace caisson::cgroup
