#include "image/unfinished.h"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "image/store_lock.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

// What lies in tmp and nobody is at work on, with the lock that says so, which spooled files have none of.
Result<std::vector<std::pair<std::string, Fd>>> find_unfinished(const std::string& layers) {
  std::vector<std::pair<std::string, Fd>> found;
  const Result<std::vector<std::string>> names = kernel::list_directory(layers + "tmp");
  if (!names && names.error().number == ENOTDIR) return found;  // no store: who wants to use it says so
  for (const std::string& name : TRY(names)) {
    std::optional<Fd> lock = Fd();
    if (!name.starts_with(kSpoolPrefix))
      lock = TRY(open_locked(layers + "lock/" + name, StoreLock::Kind::kExclusive, kernel::Lock::kTry));
    // Who had the lock may have been about to move it away.
    if (lock && kernel::exists(layers + "tmp/" + name)) found.emplace_back(name, *std::move(lock));
  }
  return found;
}

}  // namespace

Result<std::vector<std::string>> list_unfinished(const std::string& store) {
  std::vector<std::string> names;
  for (const auto& [name, lock] : TRY(find_unfinished(store + "/layers/"))) {
    if (lock) names.push_back(name);  // a spooled file may be somebody's whose name is about to go
  }
  return names;
}

Result<> clear_unfinished(const std::string& store) {
  const std::string layers = store + "/layers/";
  for (const auto& [name, lock] : TRY(find_unfinished(layers))) {
    const Result<> removed = kernel::remove_tree(layers + "tmp/" + name);
    // An ordinary user's containers' users: who unpacks next is root of a user namespace that has them.
    const bool others = !removed && (removed.error().number == EACCES || removed.error().number == EPERM);
    if (!removed && !others) return removed;
  }
  return {};
}

Result<> clear_free_locks(const std::string& store) {
  const std::string locks = store + "/layers/lock/";
  for (const std::string& name : TRY(kernel::list_directory(locks))) {
    const auto lock = TRY(open_locked(locks + name, StoreLock::Kind::kExclusive, kernel::Lock::kTry));
    if (lock && ::unlink((locks + name).c_str()) != 0) return fail(os_error("unlink", locks + name));
  }
  return {};
}

}  // namespace caisson::image
