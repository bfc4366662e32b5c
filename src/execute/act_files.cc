// Files, device nodes and links.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstring>

#include "execute/act.h"
#include "kernel/in_root.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using plan::Call;

Outcome act(const plan::OpenFile& step, Context& context) noexcept {
  const int opened = kernel::retry([&] { return ::open(context.c_str(step.path), step.flags | O_CLOEXEC | O_NOCTTY); });
  if (opened < 0) return failed(Call::kOpen);
  context.put(step.slot, opened);
  return done();
}

Outcome act(const plan::MakeMountSource& step, Context& context) noexcept {
  const char* path = context.c_str(step.path);
  if (step.directory) return ::mkdir(path, 0755) == 0 || errno == EEXIST ? done() : failed(Call::kMkdir);
  Held file(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return failed(Call::kOpen);
  const char* content = context.c_str(step.content);
  for (std::size_t left = std::strlen(content); left > 0;) {
    const ssize_t wrote = kernel::retry([&] { return ::write(file.get(), content, left); });
    if (wrote < 0) return failed(Call::kWrite);
    content += wrote;
    left -= static_cast<std::size_t>(wrote);
  }
  return done();
}

Outcome act(const plan::MakeDevice& step, Context& context) noexcept {
  const char* name = nullptr;
  Held directory(kernel::parent_in_root(context.at(step.root), context.c_str(step.path), &name));
  if (!directory) return failed(Call::kOpenat2);
  const dev_t device = makedev(step.major, step.minor);
  if (::mknodat(directory.get(), name, step.mode, device) != 0) {
    if (errno != EEXIST) return failed(Call::kMknod);
    // The image brought one: it stays if it is the same.
    struct stat existing{};
    if (::fstatat(directory.get(), name, &existing, AT_SYMLINK_NOFOLLOW) != 0) return failed(Call::kStat);
    const bool same =
        (existing.st_mode & S_IFMT) == (step.mode & S_IFMT) && (S_ISFIFO(step.mode) || existing.st_rdev == device);
    return same ? done() : failed_with(Call::kVerifyDevice, EEXIST);
  }
  if ((step.uid | step.gid) != 0 && ::fchownat(directory.get(), name, step.uid, step.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return failed(Call::kChown);
  }
  return done();
}

Outcome act(const plan::MakeLink& step, Context& context) noexcept {
  const char* name = nullptr;
  Held directory(kernel::parent_in_root(context.at(step.root), context.c_str(step.path), &name));
  if (!directory) return failed(Call::kOpenat2);
  if (::symlinkat(context.c_str(step.target), directory.get(), name) != 0 && errno != EEXIST)
    return failed(Call::kSymlink);
  return done();
}

}  // namespace caisson::execute
