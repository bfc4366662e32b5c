// Locks of the image store: files that are there only while somebody works, with flock(2). What they are for is written
// at the head of image_store.h.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "kernel/files.h"

namespace caisson::image {

/// Held until it goes, by this process and by those that inherit the descriptor. Who lets go last removes the file.
class StoreLock {
 public:
  enum class Kind { kShared, kExclusive };

  /// Takes the lock at `path`, whose directory has to be there. kTry: nothing if others hold what excludes it.
  static Result<std::optional<StoreLock>> take(const std::string& path, Kind kind, kernel::Lock how);

  /// The same, waiting for it.
  static Result<StoreLock> wait(const std::string& path, Kind kind);

  StoreLock(StoreLock&&) noexcept = default;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  StoreLock(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  Fd file_;
};

/// Locks the file at `path` itself, which is made if it is missing, and opens it for reading and writing: what is
/// locked is still there under that name. Nothing if kTry and another holds it.
Result<std::optional<Fd>> open_locked(const std::string& path, StoreLock::Kind kind, kernel::Lock how);

}  // namespace caisson::image
