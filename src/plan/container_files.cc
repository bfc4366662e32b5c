#include "plan/container_files.h"

#include <fcntl.h>

#include <linux/mount.h>
#include <sys/stat.h>
#include <cerrno>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"

namespace caisson::plan {

namespace {

std::string clean(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (!path.starts_with('/')) path.insert(0, "/");
  return path;
}

// runtime-spec config-linux.md, "Default Devices".
std::vector<spec::Device> default_devices() {
  const auto node = [](std::string_view name, std::int64_t minor, std::int64_t major = 1) {
    return spec::Device{
        .path = "/dev/" + std::string(name), .type = 'c', .major = major, .minor = minor, .file_mode = 0666};
  };
  return {node("null", 3), node("zero", 5), node("full", 7), node("random", 8), node("urandom", 9), node("tty", 0, 5)};
}

std::uint32_t type_bits(char type) {
  switch (type) {
    case 'b': return S_IFBLK;
    case 'p': return S_IFIFO;
    default: return S_IFCHR;
  }
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// "/proc/PID/root/dev/shm": a path of another process's mount namespace, whose mounts can be copied only there.
struct OtherView {
  std::string namespace_file;
  std::string_view path;
};
std::optional<OtherView> other_view(std::string_view source) {
  constexpr std::string_view kProc = "/proc/";
  if (!source.starts_with(kProc)) return std::nullopt;
  const Cut process = cut(source.substr(kProc.size()), '/');
  if (!parse_unsigned(process.head) || !process.tail || !process.tail->starts_with("root/")) return std::nullopt;
  return OtherView{"/proc/" + std::string(process.head) + "/ns/mnt", process.tail->substr(4)};
}

}  // namespace

Slot ContainerFiles::open_tree(std::string_view item, std::string_view reason, std::string_view source, bool recursive,
                               std::uint64_t propagation) {
  Plan& plan = builder_.plan();
  const Slot slot = plan.new_slot("tree of " + std::string(source));
  OpenTree step{.source = plan.add(source), .recursive = recursive, .propagation = propagation, .slot = slot};
  if (const auto view = other_view(source)) {
    step.source = plan.add(view->path);
    step.view = plan.new_slot("mount namespace with " + std::string(source));
    builder_.add(Lane::kParent, item, "its mounts can be copied only where they are",
                 OpenFile{.path = plan.add(view->namespace_file), .flags = O_RDONLY, .slot = step.view});
  }
  builder_.add(situation_.opener, item, reason, step);
  return slot;
}

// runtime-spec config.md, "idmap": with the container's own mappings, or without a mapping of the mount's.
Result<bool> ContainerFiles::is_mapped(const spec::Mount& mount, const MountOptions& options) const {
  if (!options.idmap && mount.uid_mappings.empty() && mount.gid_mappings.empty()) return false;
  const bool own = mount.uid_mappings.empty() || (mount.uid_mappings == config_.linux_.uid_mappings &&
                                                  mount.gid_mappings == config_.linux_.gid_mappings);
  if (!own) return fail(complaint("a mount's id mappings can only be the container's own"));
  if (!situation_.in_user_namespace)
    return fail(complaint("without a user namespace of the container's own there is nothing to map owners to"));
  return true;
}

void ContainerFiles::map_owners(const IdMapTree& of) {
  for (const MappedTree& mapped : mapped_) {
    IdMapTree step = of;
    step.tree = mapped.tree;
    step.recursive = mapped.recursive;
    builder_.add(Lane::kParent, mapped.item, "on the disk their owners stay what they are", step);
  }
}

Result<> ContainerFiles::open_root() {
  const MountOptions options = root_mount_ == nullptr ? MountOptions() : read_mount_options(root_mount_->options);
  const bool mapped = root_mount_ != nullptr && TRY_IN(builder_.label("mounts[0]"), is_mapped(*root_mount_, options));
  if (root_mount_ == nullptr || root_mount_->type == "bind") {
    root_tree_ = open_tree("root.path", "the container's files, apart from the host's mounts",
                           root_mount_ == nullptr ? config_.root.path : root_mount_->source, true,
                           kPropagationPrivate | kPropagationRecursive);
    if (mapped) mapped_.push_back({root_tree_, options.recursive_idmap, "root.path"});
    return {};
  }
  if (!situation_.in_user_namespace || root_mount_->type != "overlay") return {};
  overlay_ = TRY_IN(builder_.label("mounts[0]"), read_overlay(options.data));
  for (const std::string& layer : overlay_.lower) {
    const Slot tree = open_tree("mounts[0]", "the image below", layer, false, kPropagationPrivate);
    if (first_layer_ == kNoSlot) first_layer_ = tree;
    if (mapped) mapped_.push_back({tree, false, "mounts[0]"});
  }
  writable_ = open_tree("mounts[0]", "what the container writes above", overlay_.writable, false, kPropagationPrivate);
  if (mapped) mapped_.push_back({writable_, false, "mounts[0]"});
  return {};
}

Result<> ContainerFiles::open() {
  for (std::size_t i = 0; i < config_.mounts.size(); ++i) {
    const spec::Mount& mount = config_.mounts[i];
    Planned planned{
        .mount = &mount, .item = "mounts[" + std::to_string(i) + "]", .options = read_mount_options(mount.options)};
    if (clean(mount.destination) == "/") {
      if (i != 0)
        return fail(
            in(builder_.label(planned.item), complaint("only the first mount may replace the root filesystem")));
      root_mount_ = &mount;
      continue;
    }
    TRY_IN(builder_.label(planned.item), open_mount(planned));
    planned_.push_back(std::move(planned));
  }
  TRY(open_root());
  default_devices_ = dev_is_bound_ ? std::vector<spec::Device>{} : default_devices();
  std::erase_if(default_devices_, [&](const spec::Device& standard) {  // the config's own has other ideas of it
    return std::any_of(config_.linux_.devices.begin(), config_.linux_.devices.end(),
                       [&](const spec::Device& own) { return clean(own.path) == standard.path; });
  });
  if (situation_.bind_devices) {
    for (const spec::Device& device : default_devices_) {
      device_trees_.push_back(open_tree("linux.devices", "a node cannot be made here: the host's own is bound",
                                        device.path, false, kPropagationPrivate));
    }
    for (const spec::Device& device : config_.linux_.devices) {
      device_trees_.push_back(open_tree("linux.devices", "a node cannot be made here: the host's own is bound",
                                        device.path, false, kPropagationPrivate));
    }
  }
  if (!config_.linux_.masked_paths.empty()) {
    null_ = open_tree("linux.maskedPaths", "the host's null device: the image's may be anything (CVE-2025-31133)",
                      "/dev/null", false, kPropagationPrivate);
  }
  return {};
}

Result<> ContainerFiles::open_mount(Planned& planned) {
  const spec::Mount& mount = *planned.mount;
  const bool is_bind = planned.options.bind || mount.type == "bind" || mount.type == "rbind";
  if (planned.options.idmap && !is_bind) return fail(complaint("idmap is for bind mounts"));
  if (planned.options.copy_up) return fail(complaint("the option tmpcopyup is not there yet"));
  if (mount.type.empty() && !is_bind) return fail(complaint("a mount needs a type, or the option bind or rbind"));
  if (is_bind) {
    if (!planned.options.data.empty()) {
      return fail(complaint("bind mounts cannot have any filesystem-specific options applied: '" +
                            join(planned.options.data, ",") + "'"));
    }
    if (clean(mount.destination) == "/dev") dev_is_bound_ = true;
    const bool recursive = planned.options.recursive_bind || mount.type == "rbind";
    // A slave hears of the host's mounts and tells of none of its own; one that is to be shared does both.
    const bool shared = (planned.options.propagation & kPropagationShared) != 0;
    const std::uint64_t slave = shared ? 0 : kPropagationSlave | (recursive ? kPropagationRecursive : 0);
    planned.tree = open_tree(planned.item, "taken in the host's view, so that no path of the container is followed",
                             mount.source, recursive, slave);
    if (TRY(is_mapped(mount, planned.options)))
      mapped_.push_back({planned.tree, planned.options.recursive_idmap, planned.item});
    return {};
  }
  if (mount.type == "sysfs" && situation_.bind_sysfs) {
    planned.tree = open_tree(planned.item, "in case a fresh sysfs is refused", "/sys", true,
                             kPropagationSlave | kPropagationRecursive);
  }
  if (mount.type == "cgroup" && !situation_.cgroup_is_late) open_cgroups(planned);
  return {};
}

void ContainerFiles::open_cgroups(Planned& planned) {
  const bool v2 = builder_.facts().cgroup_mode == CgroupMode::kV2;
  if (!v2 && !situation_.own_cgroup_namespace) {
    for (const std::string& directory : situation_.cgroup_directories) {
      planned.cgroup_trees.push_back(open_tree(planned.item,
                                               "without a cgroup namespace the container sees its own directory alone",
                                               directory, false, kPropagationPrivate));
    }
  }
  // A new mount of cgroup2 from the host's cgroup namespace would change the options of the host's own (nsdelegate).
  if (v2 && situation_.host_cgroup_namespace && !situation_.cgroup_directories.empty()) {
    planned.tree = open_tree(planned.item, "without a cgroup namespace the container sees its own directory alone",
                             situation_.cgroup_directories.front(), false, kPropagationPrivate);
  }
}

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
                                  .is_volatile = overlay_.is_volatile});
  } else if (root_tree_ == kNoSlot) {
    builder_.add(Lane::kChild, "mounts[0]", "the image below, what the container writes above",
                 MountRoot{.type = plan.add(root_mount_->type),
                           .options = plan.add(join(root_mount_->options, ",")),
                           .at = plan.add(config_.root.path),
                           .root = root_});
  } else {
    builder_.add(
        Lane::kChild, "root.path", "a root must be a mount to be pivoted into",
        // The user namespace's root may not get to the directory itself, everybody does to "/".
        MountRoot{
            .tree = root_tree_, .at = plan.add(situation_.in_user_namespace ? "/" : config_.root.path), .root = root_});
  }
}

void ContainerFiles::place(const Planned& planned) {
  Plan& plan = builder_.plan();
  const spec::Mount& spec = *planned.mount;
  const MountOptions& options = planned.options;
  Mount mount{.root = root_,
              .tree = planned.tree,
              .target = plan.add(clean(spec.destination)),
              .set = options.set,
              .clear = options.clear,
              .recursive_set = options.recursive_set,
              .recursive_clear = options.recursive_clear,
              .propagation = options.propagation};
  const bool fresh_sysfs = spec.type == "sysfs" && planned.tree != kNoSlot;
  if (planned.tree != kNoSlot && !fresh_sysfs) {
    builder_.add(Lane::kChild, planned.item, "a part of the host's files, shown inside", mount);
    return;
  }
  mount.tree = kNoSlot;
  mount.type = plan.add(spec.type == "cgroup" ? std::string("cgroup2") : spec.type);
  mount.source = plan.add(spec.source.empty() ? spec.type : spec.source);
  mount.options = plan.add(options.data);
  // Nothing is mounted below a new file system yet: "rro" is "ro".
  mount.set = (mount.set & ~options.recursive_clear) | options.recursive_set;
  mount.clear = mount.recursive_set = mount.recursive_clear = 0;
  // Devices and links are still to be made in it, or a mount's target inside it.
  if (spec.type == "tmpfs" && (mount.set & MOUNT_ATTR_RDONLY) != 0) {
    mount.set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
    read_only_later_.push_back(clean(spec.destination));
  }
  Step& step = builder_.add(Lane::kChild, planned.item, "a file system of the container's own", mount);
  if (fresh_sysfs) {
    Mount bound = mount;
    bound.tree = planned.tree;
    bound.type = bound.source = {};
    bound.options = {};
    plan.add_fallback(step, bound, {EPERM});
  }
}

void ContainerFiles::place_cgroup_v1(const Planned& planned) {
  Plan& plan = builder_.plan();
  const std::string top = clean(planned.mount->destination);
  const std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  builder_.add(Lane::kChild, planned.item, "one directory for each of the host's cgroup hierarchies",
               Mount{.root = root_,
                     .type = plan.add("tmpfs"),
                     .source = plan.add("tmpfs"),
                     .target = plan.add(top),
                     .options = plan.add(std::vector<std::string>{"mode=755"}),
                     .set = attributes});
  for (std::size_t i = 0; i < situation_.cgroup_directories.size(); ++i) {
    for (const CgroupHierarchy& hierarchy : builder_.facts().hierarchies) {
      if (!situation_.cgroup_directories[i].starts_with(hierarchy.path + "/") || hierarchy.unified) continue;
      const std::string name = base_name(hierarchy.path);
      Mount mount{.root = root_,
                  .target = plan.add(top + "/" + name),
                  .set = attributes | (planned.options.set & MOUNT_ATTR_RDONLY)};
      if (situation_.own_cgroup_namespace) {
        mount.type = plan.add("cgroup");
        mount.source = plan.add("cgroup");
        mount.options = plan.add(hierarchy.controllers);
      } else {
        mount.tree = planned.cgroup_trees[i];
      }
      builder_.add(Lane::kChild, planned.item, "the container's own cgroup is the top of what it sees", mount);
      if (hierarchy.controllers.size() > 1) {
        for (const std::string& controller : hierarchy.controllers) {
          builder_.add(Lane::kChild, planned.item, "the name programs look for",
                       MakeLink{.root = root_, .path = plan.add(top + "/" + controller), .target = plan.add(name)});
        }
      }
    }
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
      open_cgroups(planned);
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
  const auto next_tree = [&] { return situation_.bind_devices ? device_trees_[tree++] : kNoSlot; };
  for (const spec::Device& each : default_devices_) {
    device(each, "linux.devices", "every container has it (runtime-spec, default devices)", next_tree());
  }
  for (std::size_t i = 0; i < config_.linux_.devices.size(); ++i) {
    device(config_.linux_.devices[i], "linux.devices[" + std::to_string(i) + "]", "a device the container may use",
           next_tree());
  }
}

void ContainerFiles::device(const spec::Device& spec, std::string_view item, std::string_view reason, Slot tree) {
  Plan& plan = builder_.plan();
  if (tree != kNoSlot) {
    builder_.add(Lane::kChild, item, reason, Mount{.root = root_, .tree = tree, .target = plan.add(clean(spec.path))});
    return;
  }
  builder_.add(Lane::kChild, item, reason,
               MakeDevice{.root = root_,
                          .path = plan.add(clean(spec.path)),
                          .mode = type_bits(spec.type) | spec.file_mode.value_or(0666),
                          .major = static_cast<std::uint32_t>(spec.major),
                          .minor = static_cast<std::uint32_t>(spec.minor),
                          .uid = spec.uid,
                          .gid = spec.gid});
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
  builder_.add(Lane::kChild, "root", "from here on the old root is gone", Pivot{root_});
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
                          .options = plan.add(std::vector<std::string>{"nr_blocks=1", "nr_inodes=2", "mode=755"}),
                          .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                          .slot = empty_});
  }
  for (std::size_t i = 0; i < config_.linux_.masked_paths.size(); ++i) {
    builder_.add(
        Lane::kChild, "linux.maskedPaths[" + std::to_string(i) + "]",
        "says too much about the host, or gives too much power over it",
        Mask{.root = root_, .null = null_, .empty = empty_, .path = plan.add(clean(config_.linux_.masked_paths[i]))});
  }
  for (std::size_t i = 0; i < config_.linux_.readonly_paths.size(); ++i) {
    builder_.add(Lane::kChild, "linux.readonlyPaths[" + std::to_string(i) + "]",
                 "may be read, not used to change the host",
                 MakeReadOnly{.root = root_, .path = plan.add(clean(config_.linux_.readonly_paths[i]))});
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
