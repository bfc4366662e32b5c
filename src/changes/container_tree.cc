#include "changes/container_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "image/entry_name.h"
#include "image/lower_trees.h"
#include "kernel/files.h"

namespace caisson::changes {

namespace {

// Whether nothing is in it; what cannot be looked at is not empty.
Result<bool> is_empty(int upper, const std::string& path) {
  const Fd found = archive::open_in_tree(upper, path, O_PATH | O_NOFOLLOW);
  struct stat status{};
  if (!found || ::fstat(found.get(), &status) != 0) return false;
  if (S_ISREG(status.st_mode)) return status.st_size == 0;
  if (!S_ISDIR(status.st_mode)) return false;
  const Fd directory = archive::open_in_tree(upper, path, O_RDONLY | O_DIRECTORY);
  return directory && TRY(kernel::names_in(directory, path)).empty();
}

}  // namespace

Result<std::set<std::string>> made_mount_points(const ContainerTree& tree) {
  const Fd upper = TRY(kernel::open_file(tree.upper, O_PATH | O_DIRECTORY));
  image::LowerTrees lower(tree.lower);
  std::set<std::string> made;
  for (const std::string& mount_point : tree.mount_points) {
    const Result<std::string> path = image::normal_name(mount_point);
    if (!path || path->empty() || !TRY(is_empty(upper.get(), *path))) continue;
    if (!TRY(lower.find(*path))) made.insert(*path);
  }
  return made;
}

}  // namespace caisson::changes
