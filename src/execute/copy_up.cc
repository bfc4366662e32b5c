#include "execute/copy_up.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "kernel/copy_tree.h"

namespace caisson::execute {

using plan::Call;

namespace {

// What the options say of the top itself goes over what the image has.
bool restore_top(const plan::Mount& step, int made, const struct stat& top, Context& context) noexcept {
  const uid_t uid = context.has_option(step.options, "uid=") ? top.st_uid : static_cast<uid_t>(-1);
  const gid_t gid = context.has_option(step.options, "gid=") ? top.st_gid : static_cast<gid_t>(-1);
  if (::fchownat(made, "", uid, gid, AT_EMPTY_PATH) != 0) return false;
  return !context.has_option(step.options, "mode=") || ::fchmodat(made, ".", top.st_mode & 07777U, 0) == 0;
}

bool is_empty(int directory) noexcept {
  alignas(dirent64) char entries[512];
  const Held listed(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::size_t names = 0;
  for (ssize_t length; listed && (length = ::getdents64(listed.get(), entries, sizeof entries)) > 0;) {
    for (ssize_t at = 0; at < length; ++names) at += reinterpret_cast<const dirent64*>(entries + at)->d_reclen;
  }
  return names == 2;  // "." and ".."
}

// The mode that a directory has for as long as something is copied into it; it gets the image's at the end. One that
// nobody has locked, and that has it still, is where a copy broke off: the next one finds files in its way (EEXIST).
constexpr mode_t kBeingFilled = 0;

bool is_being_filled(int directory) noexcept {
  struct stat status{};
  return ::fstat(directory, &status) == 0 && (status.st_mode & 07777U) == kBeingFilled;
}

// Two containers may begin with the same empty directory at once: the second waits for the first. A container that
// shares it can hold this lock as well, so that the wait has an end.
bool lock_directory(int directory) noexcept {
  constexpr int kTries = 1000;
  constexpr struct timespec kPause = {0, 10'000'000};
  for (int tries = 0; tries < kTries; ++tries) {
    if (::flock(directory, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    ::nanosleep(&kPause, nullptr);
  }
  return false;
}

}  // namespace

Outcome copy_up(const plan::Mount& step, int target, int made, Context& context) noexcept {
  Held lock;
  if (step.tree != plan::kNoSlot) {
    if (!is_empty(made) && !is_being_filled(made)) return done();
    lock.reset(::openat(made, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock) return failed(Call::kOpen);
    if (!lock_directory(lock.get())) return failed(Call::kFlock);
    if (!is_empty(made) && !is_being_filled(made)) return done();
  }
  struct stat top{};
  if (::fstat(made, &top) != 0) return failed(Call::kStat);
  if (lock && ::fchmod(lock.get(), kBeingFilled) != 0) return failed(Call::kChmod);
  const kernel::CopyOutcome copied = kernel::copy_tree(target, made);
  switch (copied.part) {
    case kernel::CopyPart::kNone: return restore_top(step, made, top, context) ? done() : failed(Call::kChmod);
    case kernel::CopyPart::kOpen: return failed_with(Call::kOpen, copied.error);
    case kernel::CopyPart::kList: return failed_with(Call::kGetdents, copied.error);
    case kernel::CopyPart::kMake: return failed_with(Call::kMknod, copied.error);
    case kernel::CopyPart::kWrite: return failed_with(Call::kWrite, copied.error);
    case kernel::CopyPart::kMode: return failed_with(Call::kChmod, copied.error);
  }
  return done();
}

}  // namespace caisson::execute
