#include "changes/shown_root.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include "kernel/files.h"

namespace caisson::changes {

namespace {

constexpr std::size_t kPage = 4096;  // the most that mount(2) takes of options, with a NUL

}  // namespace

Result<Fd> open_shown_root(const ContainerTree& tree) {
  if (!tree.directory.empty()) return kernel::open_file(tree.directory, O_RDONLY | O_DIRECTORY);
  if (::unshare(CLONE_NEWNS) != 0) return fail(os_error("unshare", "mount namespace"));
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail(os_error("mount", "private /"));
  // Opened in the new namespace, whose mounts alone an overlay may be made of, and named by their descriptors: those
  // are short.
  std::vector<Fd> layers;
  layers.push_back(TRY(kernel::open_file(tree.upper, O_PATH | O_DIRECTORY)));
  for (const std::string& layer : tree.lower) layers.push_back(TRY(kernel::open_file(layer, O_PATH | O_DIRECTORY)));
  std::string options = tree.notes == archive::OverlayNotes::kUser ? "userxattr,lowerdir=" : "lowerdir=";
  for (const Fd& layer : layers) options += fmt::format("/proc/self/fd/{}:", layer.get());
  options.pop_back();
  if (options.size() >= kPage) {
    errno = E2BIG;
    return fail(os_error("mount", fmt::format("an overlay of {} layers", layers.size())));
  }
  const unsigned long flags = MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC;
  if (::mount("overlay", tree.upper.c_str(), "overlay", flags, options.c_str()) != 0)
    return fail(os_error("mount", "an overlay over " + tree.upper));
  return kernel::open_file(tree.upper, O_RDONLY | O_DIRECTORY);
}

}  // namespace caisson::changes
