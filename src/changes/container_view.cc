#include "changes/container_view.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::changes {

namespace {

std::string by_descriptor(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

// Files that are made have the owners of the namespace then, and what may be done is what its root may.
Result<> become_root_of(const Fd& user_namespace) {
  if (::setns(user_namespace.get(), CLONE_NEWUSER) != 0) return fail(os_error("setns", "user namespace"));
  (void)::setgroups(0, nullptr);  // which an ordinary user's may deny
  if (::setresgid(0, 0, 0) != 0) return fail(os_error("setresgid", "0"));
  if (::setresuid(0, 0, 0) != 0) return fail(os_error("setresuid", "0"));
  return {};
}

Result<Fd> open_running(const ContainerView& view) {
  const std::string process = fmt::format("/proc/{}", *view.process);
  Fd root = TRY(kernel::open_file(process + "/root", O_PATH | O_DIRECTORY));
  if (view.joins) TRY(become_root_of(TRY(kernel::open_file(process + "/ns/user", O_RDONLY))));
  return root;
}

// Where the container's overlay was mounted as well: over its upper directory.
Result<> mount_overlay(const ContainerView& view) {
  const ContainerTree& tree = view.tree;
  std::vector<Fd> layers;
  std::vector<std::string> paths;
  for (const std::string& layer : tree.lower) {
    layers.push_back(TRY(kernel::open_file(layer, O_PATH | O_DIRECTORY)));
    paths.push_back(by_descriptor(layers.back()));
  }
  const Fd upper = TRY(kernel::open_file(tree.upper, O_PATH | O_DIRECTORY));
  const Fd work = TRY(kernel::open_file(view.work, O_PATH | O_DIRECTORY));
  const std::string options = fmt::format("{}lowerdir={},upperdir={},workdir={}",
                                          tree.notes == archive::OverlayNotes::kUser ? "userxattr," : "",
                                          join(paths, ":"), by_descriptor(upper), by_descriptor(work));
  if (::mount("overlay", tree.upper.c_str(), "overlay", MS_NODEV | MS_NOSUID, options.c_str()) != 0)
    return fail(os_error("mount", "an overlay over " + tree.upper));
  return {};
}

Result<> mount_in(const Fd& root, const ViewMount& mount) {
  Fd source = TRY(kernel::open_file(mount.source, O_PATH));
  if (!mount.below.empty()) {
    source = Fd(kernel::open_in_root(source.get(), mount.below.c_str(), O_PATH));
    if (!source) return fail(os_error("openat2", mount.below));
  }
  struct stat status{};
  if (::fstat(source.get(), &status) != 0) return fail(os_error("fstat", mount.source));
  const auto kind = S_ISDIR(status.st_mode) ? kernel::Make::kDirectory : kernel::Make::kFile;
  const Fd target(kernel::make_in_root(root.get(), mount.destination.c_str(), kind));
  if (!target) return fail(os_error("openat2", mount.destination));
  const std::string at = by_descriptor(target);
  if (::mount(by_descriptor(source).c_str(), at.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return fail(os_error("mount", mount.source));
  if (mount.writable) return {};
  // The mount that is there now, not what it covers.
  const Fd mounted(kernel::open_in_root(root.get(), mount.destination.c_str(), O_PATH));
  if (!mounted) return fail(os_error("openat2", mount.destination));
  struct mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(mounted.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return fail(os_error("mount_setattr", mount.destination));
  return {};
}

Result<Fd> open_stopped(const ContainerView& view) {
  if (::unshare(CLONE_NEWNS) != 0) return fail(os_error("unshare", "mount namespace"));
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail(os_error("mount", "private /"));
  const bool in_place = !view.tree.directory.empty();
  if (!in_place) TRY(mount_overlay(view));
  Fd root = TRY(kernel::open_file(in_place ? view.tree.directory : view.tree.upper, O_PATH | O_DIRECTORY));
  for (const ViewMount& mount : view.mounts) TRY_IN(mount.destination, mount_in(root, mount));
  return root;
}

}  // namespace

Result<Fd> open_container_view(const ContainerView& view) {
  return view.process ? open_running(view) : open_stopped(view);
}

}  // namespace caisson::changes
