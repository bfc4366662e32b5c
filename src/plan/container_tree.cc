// What the child mounts and makes before the pivot, and what it hides after it.
#include <linux/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "base/text.h"
#include "plan/container_files.h"

namespace caisson::plan {

namespace {

std::uint32_t type_bits(char type) {
  switch (type) {
    case 'b': return S_IFBLK;
    case 'p': return S_IFIFO;
    default: return S_IFCHR;
  }
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

void ContainerFiles::place_root() {
  Plan& plan = builder_.plan();
  builder_.add(Lane::kChild, "linux.rootfsPropagation", "what is mounted from here on stays inside",
               SetPropagation{kPropagationSlave | kPropagationRecursive});
  root_ = plan.new_slot("root");
  if (writable_ != kNoSlot) {
    builder_.add(Lane::kChild, "mounts[0]", "the image below, what the container writes above",
                 MountOverlayRoot{.first_layer = first_layer_,
                                  .layers = static_cast<std::uint16_t>(overlay_.lower.size()),
                                  .writable = writable_,
                                  .upper = plan.add(overlay_.upper),
                                  .work = plan.add(overlay_.work),
                                  .root = root_,
                                  .is_volatile = overlay_.is_volatile,
                                  .user_attributes = situation_.in_user_namespace});
  } else if (root_tree_ == kNoSlot) {
    builder_.add(Lane::kChild, "mounts[0]", "the image below, what the container writes above",
                 MountRoot{.type = plan.add(root_mount_->type),
                           .options = plan.add(join(root_mount_->options, ",")),
                           .at = plan.add(in_bundle(config_.root.path)),
                           .root = root_});
  } else {
    builder_.add(Lane::kChild, "root.path", "a root must be a mount to be pivoted into",
                 MountRoot{.tree = root_tree_,
                           .at = plan.add(situation_.root_at_top ? "/" : in_bundle(config_.root.path)),
                           .root = root_});
  }
}

void ContainerFiles::place(const Planned& planned) {
  Plan& plan = builder_.plan();
  const spec::Mount& spec = *planned.mount;
  const MountOptions& options = planned.options;
  Mount mount{.root = root_,
              .tree = planned.tree,
              .target = plan.add(clean_target(spec.destination)),
              .set = options.set,
              .clear = options.clear,
              .recursive_set = options.recursive_set,
              .recursive_clear = options.recursive_clear,
              .propagation = options.propagation,
              .over_proc = planned.over_proc,
              .copy_up = options.copy_up,
              .copy_link = options.copy_link,
              .no_follow = options.no_follow_target};
  const bool is_tried_first = spec.type == "sysfs" || (spec.type == "cgroup" && !situation_.host_cgroup_namespace);
  if (planned.tree != kNoSlot && (!is_tried_first || is_bind_mount(spec, options))) {
    builder_.add(Lane::kChild, planned.item, "a part of the host's files, shown inside", mount);
    return;
  }
  mount.tree = kNoSlot;
  mount.type = plan.add(spec.type == "cgroup" ? std::string("cgroup2") : spec.type);
  mount.source = plan.add(spec.source.empty() ? spec.type : spec.source);
  const bool has_label = spec.type != "proc" && spec.type != "sysfs" && spec.type != "cgroup" && spec.type != "mqueue";
  mount.options = plan.add(has_label ? with_label(options.data) : options.data);
  if (spec.type == "mqueue") mount.label = plan.add(config_.linux_.mount_label);
  // Nothing is mounted below a new file system yet: "rro" is "ro".
  mount.set = (mount.set & ~options.recursive_clear) | options.recursive_set;
  mount.clear = mount.recursive_set = mount.recursive_clear = 0;
  // Devices and links are still to be made in it, or a mount's target inside it.
  if (spec.type == "tmpfs" && (mount.set & MOUNT_ATTR_RDONLY) != 0) {
    mount.set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
    read_only_later_.push_back(clean_target(spec.destination));
  }
  if (planned.mask_if_refused && situation_.host_cgroup_namespace) {
    builder_.add(Lane::kChild, planned.item, "the host's cgroups are not for the container to see (CVE-2023-25809)",
                 nothing_at(mount.target));
    return;
  }
  Step& step = builder_.add(Lane::kChild, planned.item, "a file system of the container's own", mount);
  if (planned.tree != kNoSlot) {
    Mount bound = mount;
    bound.tree = planned.tree;
    bound.type = bound.source = bound.label = {};
    bound.options = {};
    plan.add_fallback(step, bound, {EPERM, EBUSY});
  } else if (planned.mask_if_refused) {
    plan.add_fallback(step, nothing_at(mount.target), {EPERM, EBUSY});
  }
}

// An empty directory that cannot be written to.
Mount ContainerFiles::nothing_at(Text target) {
  Plan& plan = builder_.plan();
  return {.root = root_,
          .type = plan.add("tmpfs"),
          .source = plan.add("tmpfs"),
          .target = target,
          .options = plan.add(with_label({"nr_blocks=1", "nr_inodes=2", "mode=755"})),
          .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
}

const CgroupHierarchy* ContainerFiles::v1_hierarchy_of(std::string_view directory) const {
  const auto& hierarchies = builder_.facts().hierarchies;
  const auto found = std::find_if(hierarchies.begin(), hierarchies.end(), [&](const CgroupHierarchy& hierarchy) {
    return !hierarchy.unified && (directory == hierarchy.path || directory.starts_with(hierarchy.path + "/"));
  });
  return found == hierarchies.end() ? nullptr : &*found;
}

void ContainerFiles::place_cgroup_v1(const Planned& planned) {
  Plan& plan = builder_.plan();
  const std::string top = clean_target(planned.mount->destination);
  const std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  builder_.add(Lane::kChild, planned.item, "one directory for each of the host's cgroup hierarchies",
               Mount{.root = root_,
                     .type = plan.add("tmpfs"),
                     .source = plan.add("tmpfs"),
                     .target = plan.add(top),
                     .options = plan.add(with_label({"mode=755"})),
                     .set = attributes});
  const auto place_one = [&](const CgroupHierarchy& hierarchy, std::string_view why, Mount mount) {
    const std::string name = base_name(hierarchy.path);
    mount.root = root_;
    mount.target = plan.add(top + "/" + name);
    mount.set |= attributes;
    builder_.add(Lane::kChild, planned.item, why, mount);
    if (hierarchy.controllers.size() == 1) return;
    for (const std::string& controller : hierarchy.controllers) {
      builder_.add(Lane::kChild, planned.item, "the name programs look for",
                   MakeLink{.root = root_, .path = plan.add(top + "/" + controller), .target = plan.add(name)});
    }
  };
  for (std::size_t i = 0; i < situation_.cgroup_directories.size(); ++i) {
    const CgroupHierarchy* hierarchy = v1_hierarchy_of(situation_.cgroup_directories[i]);
    if (hierarchy == nullptr) continue;
    const bool is_own =
        hierarchy->is_named() && situation_.own_cgroup_namespace && situation_.own_unlimited_hierarchies;
    Mount mount{.set = is_own ? 0 : planned.options.set & MOUNT_ATTR_RDONLY};
    if (situation_.own_cgroup_namespace) {
      mount.type = plan.add("cgroup");
      mount.source = plan.add("cgroup");
      mount.options = plan.add(hierarchy->controllers);
    } else {
      mount.tree = planned.cgroup_trees[i];
    }
    place_one(*hierarchy, "the container's own cgroup is the top of what it sees", mount);
  }
  // Never to be written to, whatever the mount's options: the caller may be able to (CVE-2023-25809).
  for (std::size_t i = 0; i < situation_.callers_cgroups.size(); ++i) {
    if (const CgroupHierarchy* hierarchy = v1_hierarchy_of(situation_.callers_cgroups[i]))
      place_one(*hierarchy, "the cgroup that it is in, which is its caller's",
                {.tree = planned.callers_trees[i], .set = MOUNT_ATTR_RDONLY});
  }
  if ((planned.options.set & MOUNT_ATTR_RDONLY) != 0) read_only_later_.push_back(top);
}

Result<> ContainerFiles::mount(const std::function<void()>& before_cgroups) {
  place_root();
  bool is_before = true;
  for (Planned& planned : planned_) {
    if (is_before && planned.mount->type.starts_with("cgroup")) {
      before_cgroups();
      is_before = false;
    }
    if (planned.mount->type == "cgroup" && situation_.cgroup_is_late) {
      situation_.opener = Lane::kChild;
      open_cgroup(planned);
    }
    if (planned.mount->type == "cgroup" && builder_.facts().cgroup_mode != CgroupMode::kV2) {
      place_cgroup_v1(planned);
    } else {
      place(planned);
    }
  }
  if (is_before) before_cgroups();
  devices();
  if (!dev_is_bound_) links();
  return {};
}

void ContainerFiles::devices() {
  std::size_t tree = 0;
  const auto next_tree = [&](const spec::Device& spec) {
    return situation_.bind_devices && spec.type != 'p' ? device_trees_[tree++] : kNoSlot;
  };
  for (const spec::Device& each : default_devices_) {
    device(each, "linux.devices", "every container has it (runtime-spec, default devices)", next_tree(each));
  }
  for (std::size_t i = 0; i < config_.linux_.devices.size(); ++i) {
    device(config_.linux_.devices[i], "linux.devices[" + std::to_string(i) + "]", "a device the container may use",
           next_tree(config_.linux_.devices[i]));
  }
}

void ContainerFiles::device(const spec::Device& spec, std::string_view item, std::string_view reason, Slot tree) {
  Plan& plan = builder_.plan();
  if (tree != kNoSlot) {
    builder_.add(Lane::kChild, item, reason,
                 Mount{.root = root_, .tree = tree, .target = plan.add(clean_target(spec.path))});
    return;
  }
  const MakeDevice made{.root = root_,
                        .path = plan.add(clean_target(spec.path)),
                        .mode = type_bits(spec.type) | (spec.file_mode.value_or(0666) & 07777),
                        .major = static_cast<std::uint32_t>(spec.major),
                        .minor = static_cast<std::uint32_t>(spec.minor),
                        .uid = spec.uid,
                        .gid = spec.gid};
  Step& step = builder_.add(Lane::kChild, item, reason, made);
  if (spec.type == 'p') return;
  // An outer container's devices cgroup may refuse the node that its privileges allow.
  plan.add_fallback(
      step, BindDevice{.root = root_, .path = made.path, .mode = made.mode, .major = made.major, .minor = made.minor},
      {EPERM});
}

void ContainerFiles::links() {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kLinks = {{{"/dev/fd", "/proc/self/fd"},
                                                                                    {"/dev/stdin", "/proc/self/fd/0"},
                                                                                    {"/dev/stdout", "/proc/self/fd/1"},
                                                                                    {"/dev/stderr", "/proc/self/fd/2"},
                                                                                    {"/dev/core", "/proc/kcore"},
                                                                                    {"/dev/ptmx", "pts/ptmx"}}};
  for (const auto& [path, target] : kLinks) {
    builder_.add(Lane::kChild, "linux.devices", "a name every program may count on",
                 MakeLink{.root = root_, .path = builder_.plan().add(path), .target = builder_.plan().add(target)});
  }
}

void ContainerFiles::pivot() {
  builder_.add(Lane::kChild, "root", "from here on the old root is gone",
               Pivot{.root = root_, .move = builder_.request().no_pivot});
  const std::uint64_t propagation = propagation_flags(config_.linux_.rootfs_propagation);
  if (propagation == 0 || propagation == (kPropagationSlave | kPropagationRecursive)) return;
  builder_.add(Lane::kChild, "linux.rootfsPropagation", "what the container's own mounts tell others",
               SetPropagation{propagation});
}

void ContainerFiles::protect() {
  Plan& plan = builder_.plan();
  if (!config_.linux_.masked_paths.empty()) {
    empty_ = plan.new_slot("empty directory");
    builder_.add(Lane::kChild, "linux.maskedPaths", "what masked directories show",
                 OpenTree{.type = plan.add("tmpfs"),
                          .options = plan.add(with_label({"nr_blocks=1", "nr_inodes=2", "mode=755"})),
                          .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                          .slot = empty_});
  }
  std::set<std::string> masked;
  for (std::size_t i = 0; i < config_.linux_.masked_paths.size(); ++i) {
    const std::string path = clean_target(config_.linux_.masked_paths[i]);
    if (!masked.insert(path).second) continue;
    builder_.add(Lane::kChild, "linux.maskedPaths[" + std::to_string(i) + "]",
                 "says too much about the host, or gives too much power over it",
                 Mask{.root = root_, .null = null_, .empty = empty_, .path = plan.add(path)});
  }
  for (std::size_t i = 0; i < config_.linux_.readonly_paths.size(); ++i) {
    builder_.add(Lane::kChild, "linux.readonlyPaths[" + std::to_string(i) + "]",
                 "may be read, not used to change the host",
                 MakeReadOnly{.root = root_, .path = plan.add(clean_target(config_.linux_.readonly_paths[i]))});
  }
  for (const std::string& path : read_only_later_) {
    builder_.add(Lane::kChild, "mounts", "everything in it has been made",
                 MakeReadOnly{.root = root_, .path = plan.add(path), .remount = true});
  }
  if (config_.root.readonly) {
    builder_.add(Lane::kChild, "root.readonly", "the container cannot change its own files",
                 MakeReadOnly{.root = root_, .path = plan.add("/"), .remount = true});
  }
}

}  // namespace caisson::plan
