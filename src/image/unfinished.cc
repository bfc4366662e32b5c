#include "image/unfinished.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "kernel/files.h"

namespace caisson::image {

// Lock files stay: one that is removed while somebody waits for it would lock nothing.
Result<> clear_unfinished(const std::string& store) {
  const std::string layers = store + "/layers/";
  const Result<std::vector<std::string>> names = kernel::list_directory(layers + "tmp");
  if (!names && names.error().number == ENOTDIR) return {};  // no store: who wants to use it says so
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    Fd lock;
    if (!name.starts_with(kSpoolPrefix)) {
      lock = TRY(kernel::open_file(layers + "lock/" + name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
      if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;  // somebody is at work on it
    }
    const Result<> removed = kernel::remove_tree(layers + "tmp/" + name);
    // An ordinary user's containers' users: who unpacks next is root of a user namespace that has them.
    const bool others = !removed && (removed.error().number == EACCES || removed.error().number == EPERM);
    if (!removed && !others) return removed;
  }
  return {};
}

}  // namespace caisson::image
