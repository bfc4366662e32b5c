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

// "/a//b/./../c/" as "/a/c": what it means where no component is a link.
std::string lexically_normal(std::string_view path) {
  std::vector<std::string_view> components;
  for (const std::string_view component : split(path, '/')) {
    if (component == "..") {
      if (!components.empty()) components.pop_back();
    } else if (!component.empty() && component != ".") {
      components.push_back(component);
    }
  }
  std::string normal;
  for (const std::string_view component : components) normal.append("/").append(component);
  return normal.empty() ? "/" : normal;
}

// Files of procfs that say nothing on which anybody's protection rests: lxcfs and others have their own views of them.
bool is_harmless_in_proc(std::string_view path) {
  constexpr std::array<std::string_view, 10> kPaths = {
      "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",  "/proc/stat",
      "/proc/swaps",   "/proc/uptime",    "/proc/loadavg",  "/proc/slabinfo",
      "/proc/sys/kernel/ns_last_pid",     "/proc/sys/crypto/fips_enabled"};
  return std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end();
}

// CVE-2019-16884, CVE-2019-19921. What a link of the image leads to is looked at when it is mounted.
Result<OverProc> over_proc(const std::string& destination, bool is_procfs) {
  const std::string path = lexically_normal(destination);
  if (path == "/proc") {
    if (is_procfs) return OverProc::kWhole;
    return fail(complaint("only a procfs can be mounted at /proc, new or bound"));
  }
  if (!path.starts_with("/proc/")) return OverProc::kNothing;
  if (is_harmless_in_proc(path)) return OverProc::kFile;
  return fail(complaint("'" + path + "' cannot be mounted because it is inside /proc"));
}

bool is_bind_mount(const spec::Mount& mount, const MountOptions& options) {
  return options.bind || mount.type == "bind" || mount.type == "rbind";
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

bool names_host_in_mounts(const spec::Config& config) {
  constexpr std::array<std::string_view, 11> kOfNothing = {"proc",    "tmpfs", "devpts", "mqueue",     "sysfs", "cgroup",
                                                           "cgroup2", "bpf",   "ramfs",  "securityfs", "debugfs"};
  return std::any_of(config.mounts.begin(), config.mounts.end(), [&](const spec::Mount& mount) {
    return !is_bind_mount(mount, read_mount_options(mount.options)) &&
           std::find(kOfNothing.begin(), kOfNothing.end(), mount.type) == kOfNothing.end();
  });
}

Slot ContainerFiles::open_tree(std::string_view item, std::string_view reason, std::string_view source, bool recursive,
                               std::uint64_t propagation, bool no_follow) {
  Plan& plan = builder_.plan();
  const Slot slot = plan.new_slot("tree of " + std::string(source));
  OpenTree step{.source = plan.add(source),
                .recursive = recursive,
                .propagation = propagation,
                .slot = slot,
                .no_follow = no_follow};
  if (const auto view = other_view(source)) {
    step.source = plan.add(view->path);
    step.view = plan.new_slot("mount namespace with " + std::string(source));
    builder_.add(Lane::kParent, item, "its mounts can be copied only where they are",
                 OpenFile{.path = plan.add(view->namespace_file), .flags = O_RDONLY, .slot = step.view});
  }
  builder_.add(situation_.opener, item, reason, step);
  return slot;
}

std::string ContainerFiles::in_bundle(const std::string& path) const {
  const std::string& bundle = builder_.request().state.bundle;
  return path.starts_with('/') || bundle.empty() ? path : bundle + "/" + path;
}

// One for all mounts with the same maps.
Slot ContainerFiles::user_namespace(const std::string& item, const MountOwners& owners) {
  const auto key = std::pair(map_text(owners.uids), map_text(owners.gids));
  const auto [found, is_new] = user_namespaces_.try_emplace(key, kNoSlot);
  if (is_new) {
    Plan& plan = builder_.plan();
    found->second = plan.new_slot("user namespace for " + item);
    builder_.add(Lane::kParent, item, "the kernel takes a mount's maps from a user namespace",
                 MakeUserNamespace{
                     .uid_map = plan.add(key.first), .gid_map = plan.add(key.second), .slot = found->second});
  }
  return found->second;
}

Result<> ContainerFiles::map_tree(const spec::Mount& mount, const MountOptions& options, const std::string& item,
                                  Slot tree) {
  const MountOwners owners = TRY(mount_owners(mount, options, config_.linux_));
  switch (owners.kind) {
    case Owners::kAsTheyAre: return {};
    case Owners::kContainers:
      if (!situation_.in_user_namespace)
        return fail(complaint("without a user namespace of the container's own there is nothing to map owners to"));
      mapped_.push_back({tree, options.recursive_idmap, item});
      return {};
    case Owners::kOwn: break;
  }
  if (situation_.opener != Lane::kParent || builder_.facts().is_ordinary_user())
    return fail(complaint("only root can show a mount's files with owners of its own"));
  const Slot user_namespace = this->user_namespace(item, owners);
  builder_.add(
      Lane::kParent, item, "on the disk their owners stay what they are",
      IdMapTree{.tree = tree, .user_namespace = user_namespace, .recursive = options.recursive_idmap});
  return {};
}

// SELinux labels all files of a new file system by an option, except where its label is the policy's to say.
std::vector<std::string> ContainerFiles::with_label(std::vector<std::string> options) const {
  constexpr std::string_view kAnnotation = "run.oci.mount_context_type";  // crun.1
  const auto annotated = config_.annotations.find(std::string(kAnnotation));
  const std::string key = annotated == config_.annotations.end() ? "context" : annotated->second;
  if (!config_.linux_.mount_label.empty()) options.push_back(key + "=" + config_.linux_.mount_label);
  return options;
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
  const auto map = [&](Slot tree, const char* item) -> Result<> {
    if (root_mount_ == nullptr) return {};
    MountOptions each = options;
    each.recursive_idmap = each.recursive_idmap && root_mount_->type == "bind";
    TRY_IN(builder_.label("mounts[0]"), map_tree(*root_mount_, each, item, tree));
    return {};
  };
  if (root_mount_ == nullptr || root_mount_->type == "bind") {
    // What the host mounts below it later shows inside, unless the container is to have nothing to do with the host.
    const std::uint64_t wanted = propagation_flags(config_.linux_.rootfs_propagation);
    const bool hears = wanted == 0 || (wanted & kPropagationSlave) != 0;
    root_tree_ = open_tree("root.path", "the container's files, apart from the host's mounts",
                           root_mount_ == nullptr ? in_bundle(config_.root.path) : root_mount_->source, true,
                           (hears ? kPropagationSlave : kPropagationPrivate) | kPropagationRecursive);
    return map(root_tree_, "root.path");
  }
  if (!situation_.in_user_namespace || root_mount_->type != "overlay") return {};
  overlay_ = TRY_IN(builder_.label("mounts[0]"), read_overlay(options.data));
  std::vector<Slot> layers;
  for (const std::string& layer : overlay_.lower) {
    const Slot tree = open_tree("mounts[0]", "the image below", layer, false, kPropagationPrivate);
    if (first_layer_ == kNoSlot) first_layer_ = tree;
    layers.push_back(tree);
  }
  writable_ = open_tree("mounts[0]", "what the container writes above", overlay_.writable, false, kPropagationPrivate);
  layers.push_back(writable_);
  for (const Slot tree : layers) TRY(map(tree, "mounts[0]"));
  return {};
}

Result<> ContainerFiles::open() {
  if (!config_.linux_.mount_label.empty() && !builder_.facts().selinux)
    return fail(in(builder_.label("linux.mountLabel"), complaint("this host's kernel has no SELinux, whose label it is")));
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
      if (device.type == 'p') continue;
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

Result<> ContainerFiles::check(const Planned& planned, bool is_bind) const {
  const spec::Mount& mount = *planned.mount;
  const MountOptions& options = planned.options;
  const bool is_mapped = options.idmap || !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
  if (mount.type.empty() && !is_bind) return fail(complaint("a mount needs a type, or the option bind or rbind"));
  if (is_mapped && !is_bind) return fail(complaint("idmap is for bind mounts"));
  if (options.copy_up && (is_bind || mount.type != "tmpfs")) return fail(complaint("tmpcopyup is for tmpfs mounts"));
  if ((options.copy_link || options.no_follow_source) && !is_bind)
    return fail(complaint("copy-symlink and src-nofollow are for bind mounts"));
  if (is_bind && !options.data.empty()) {
    return fail(complaint("bind mounts cannot have any filesystem-specific options applied: '" +
                          join(options.data, ",") + "'"));
  }
  return {};
}

Result<> ContainerFiles::open_mount(Planned& planned) {
  const spec::Mount& mount = *planned.mount;
  const MountOptions& options = planned.options;
  const bool is_bind = is_bind_mount(mount, options);
  TRY(check(planned, is_bind));
  planned.over_proc = TRY(over_proc(mount.destination, is_bind || mount.type == "proc"));
  if (is_bind) {
    if (clean(mount.destination) == "/dev") dev_is_bound_ = true;
    const bool recursive = options.recursive_bind || mount.type == "rbind";
    // A slave hears of the host's mounts and tells of none of its own; one that is to be shared does both.
    const bool shared = (options.propagation & kPropagationShared) != 0;
    const std::uint64_t slave = shared ? 0 : kPropagationSlave | (recursive ? kPropagationRecursive : 0);
    planned.tree = open_tree(planned.item, "taken in the host's view, so that no path of the container is followed",
                             in_bundle(mount.source), recursive, slave, options.no_follow_source);
    return map_tree(mount, options, planned.item, planned.tree);
  }
  if (mount.type == "sysfs" && situation_.bind_sysfs) {
    planned.tree = open_tree(planned.item, "in case a fresh sysfs is refused", "/sys", true,
                             kPropagationSlave | kPropagationRecursive);
  }
  if (mount.type == "cgroup" && !situation_.cgroup_is_late) open_cgroup(planned);
  return {};
}

void ContainerFiles::open_cgroup(Planned& planned) {
  constexpr std::string_view kCallers = "where it has no cgroup of its own it is in the caller's";
  constexpr std::string_view kOwnAlone = "without a cgroup namespace the container sees its own directory alone";
  if (builder_.facts().cgroup_mode != CgroupMode::kV2) {
    for (const std::string& directory : situation_.callers_cgroups)
      planned.callers_trees.push_back(open_tree(planned.item, kCallers, directory, false, kPropagationPrivate));
    if (situation_.own_cgroup_namespace) return;
    for (const std::string& directory : situation_.cgroup_directories)
      planned.cgroup_trees.push_back(open_tree(planned.item, kOwnAlone, directory, false, kPropagationPrivate));
    return;
  }
  if (situation_.own_cgroup_namespace) {
    planned.mask_if_refused = situation_.in_user_namespace;
    return;
  }
  // A new mount of cgroup2 from the host's cgroup namespace would change the options of the host's own (nsdelegate);
  // from another's it may be refused (EPERM in a user namespace).
  planned.mask_if_refused = situation_.in_user_namespace || builder_.facts().is_ordinary_user();
  const bool is_needed = situation_.host_cgroup_namespace || situation_.in_user_namespace;
  if (is_needed && !situation_.cgroup_directories.empty()) {
    planned.tree =
        open_tree(planned.item, kOwnAlone, situation_.cgroup_directories.front(), false, kPropagationPrivate);
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
                           .at = plan.add(in_bundle(config_.root.path)),
                           .root = root_});
  } else {
    builder_.add(
        Lane::kChild, "root.path", "a root must be a mount to be pivoted into",
        MountRoot{
            .tree = root_tree_, .at = plan.add(situation_.root_at_top ? "/" : in_bundle(config_.root.path)), .root = root_});
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
    read_only_later_.push_back(clean(spec.destination));
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
  const std::string top = clean(planned.mount->destination);
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
    Mount mount{.set = planned.options.set & MOUNT_ATTR_RDONLY};
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
    builder_.add(Lane::kChild, item, reason, Mount{.root = root_, .tree = tree, .target = plan.add(clean(spec.path))});
    return;
  }
  const MakeDevice made{.root = root_,
                        .path = plan.add(clean(spec.path)),
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
