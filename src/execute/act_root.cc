// The root filesystem, put in place: a tree, or an overlay.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>

#include "execute/act.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using plan::Call;

namespace {

constexpr std::size_t kPage = 4096;  // the most that mount(2) takes of options, with a NUL

}  // namespace

Outcome act(const plan::MountRoot& step, Context& context) noexcept {
  const char* at = context.c_str(step.at);
  if (step.tree != plan::kNoSlot) {
    const int tree = context.at(step.tree);
    if (::move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) != 0)
      return failed(Call::kMoveMount);
    context.put(step.root, tree);
    return done();
  }
  // The old call: a parameter of fsconfig(2) ends at 256 bytes, which a list of layers does not.
  const char* type = context.c_str(step.type);
  if (::mount(type, at, type, 0, context.c_str(step.options)) != 0) return failed(Call::kMount);
  const int root = ::open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return failed(Call::kOpen);
  context.put(step.root, root);
  return done();
}

namespace {

// The directories of an overlay, by the links to descriptors: those are short.
struct OverlayPaths {
  char lower[kPage] = "";
  char upper[128] = "";
  char work[128] = "";
};

// The overlay as a detached mount; -1 with `outcome` set.
int make_overlay(const plan::MountOverlayRoot& step, const OverlayPaths& paths, Outcome& outcome) noexcept {
  Held overlay(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (!overlay) return outcome = failed(Call::kFsopen), -1;
  const auto set = [&](const char* key, const char* value) {
    return ::fsconfig(overlay.get(), FSCONFIG_SET_STRING, key, value, 0) == 0;
  };
  const auto set_flag = [&](const char* key, bool wanted) {
    return !wanted || ::fsconfig(overlay.get(), FSCONFIG_SET_FLAG, key, nullptr, 0) == 0;
  };
  if (!set_flag("userxattr", step.user_attributes) || !set_flag("volatile", step.is_volatile) ||
      !set("source", "overlay") || !set("lowerdir", paths.lower) || !set("upperdir", paths.upper) ||
      !set("workdir", paths.work)) {
    return outcome = failed(Call::kFsconfig), -1;
  }
  if (::fsconfig(overlay.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return outcome = failed(Call::kFsconfig, 0xffff), -1;
  const int made = ::fsmount(overlay.get(), FSMOUNT_CLOEXEC, 0);
  if (made < 0) outcome = failed(Call::kFsmount);
  return made;
}

// The same by the old call, which takes a page of options where a parameter of fsconfig(2) ends at 256 bytes. It is
// mounted over its own upper layer, where it goes with the trees.
int make_long_overlay(const plan::MountOverlayRoot& step, const OverlayPaths& paths, Outcome& outcome) noexcept {
  char options[kPage];
  const int length = ::snprintf(options, sizeof options, "%s%slowerdir=%s,upperdir=%s,workdir=%s",
                                step.user_attributes ? "userxattr," : "", step.is_volatile ? "volatile," : "",
                                paths.lower, paths.upper, paths.work);
  if (static_cast<std::size_t>(length) >= sizeof options) return outcome = failed_with(Call::kMount, E2BIG), -1;
  if (::mount("overlay", paths.upper, "overlay", 0, options) != 0) return outcome = failed(Call::kMount), -1;
  const int made = ::open_tree(AT_FDCWD, paths.upper, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (made < 0) outcome = failed(Call::kOpenTree);
  return made;
}

}  // namespace

Outcome act(const plan::MountOverlayRoot& step, Context& context) noexcept {
  constexpr std::size_t kFsconfigParameter = 256;
  OverlayPaths paths;
  std::size_t length = 0;
  std::size_t operand = 0;
  const auto place = [&](int tree) { return ::move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) == 0; };
  for (std::uint16_t i = 0; i < step.layers; ++i) {
    const int layer = context.at(static_cast<plan::Slot>(step.first_layer + i));
    if (!place(layer)) return failed(Call::kMoveMount, operand);
    length += static_cast<std::size_t>(::snprintf(paths.lower + length, sizeof paths.lower - length,
                                                  "%s/proc/self/fd/%d", length == 0 ? "" : ":", layer));
    if (length >= sizeof paths.lower) return failed_with(Call::kMount, E2BIG);
    ++operand;
  }
  const int writable = context.at(step.writable);
  if (!place(writable)) return failed(Call::kMoveMount, operand);
  ::snprintf(paths.upper, sizeof paths.upper, "/proc/self/fd/%d/%s", writable, context.c_str(step.upper));
  ::snprintf(paths.work, sizeof paths.work, "/proc/self/fd/%d/%s", writable, context.c_str(step.work));

  Outcome outcome;
  const int root =
      length < kFsconfigParameter ? make_overlay(step, paths, outcome) : make_long_overlay(step, paths, outcome);
  if (root < 0) return outcome;
  // The overlay has its own views of them. Left on the old root, they would be what is taken off in its place.
  for (std::size_t placed = 0; placed <= operand; ++placed) {
    if (::umount2("/", MNT_DETACH) != 0) return failed(Call::kUmount, placed);
  }
  context.put(step.root, root);
  return place(root) ? done() : failed(Call::kMoveMount, 0xffff);
}

}  // namespace caisson::execute
