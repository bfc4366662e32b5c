// What of the host's files a container gets: opened while they can be seen.
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

constexpr std::size_t kMostMountOptions = 4095;  // mount(2) takes a page, with a NUL

// runtime-spec config-linux.md, "Default Devices".
std::vector<spec::Device> default_devices() {
  const auto node = [](std::string_view name, std::int64_t minor, std::int64_t major = 1) {
    return spec::Device{
        .path = "/dev/" + std::string(name), .type = 'c', .major = major, .minor = minor, .file_mode = 0666};
  };
  return {node("null", 3), node("zero", 5), node("full", 7), node("random", 8), node("urandom", 9), node("tty", 0, 5)};
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
  constexpr std::array<std::string_view, 10> kPaths = {"/proc/cpuinfo",
                                                       "/proc/diskstats",
                                                       "/proc/meminfo",
                                                       "/proc/stat",
                                                       "/proc/swaps",
                                                       "/proc/uptime",
                                                       "/proc/loadavg",
                                                       "/proc/slabinfo",
                                                       "/proc/sys/kernel/ns_last_pid",
                                                       "/proc/sys/crypto/fips_enabled"};
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

std::string clean_target(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (!path.starts_with('/')) path.insert(0, "/");
  return path;
}

bool is_bind_mount(const spec::Mount& mount, const MountOptions& options) {
  return options.bind || mount.type == "bind" || mount.type == "rbind";
}

bool names_host_in_mounts(const spec::Config& config) {
  constexpr std::array<std::string_view, 11> kOfNothing = {
      "proc", "tmpfs", "devpts", "mqueue", "sysfs", "cgroup", "cgroup2", "bpf", "ramfs", "securityfs", "debugfs"};
  return std::any_of(config.mounts.begin(), config.mounts.end(), [&](const spec::Mount& mount) {
    return !is_bind_mount(mount, read_mount_options(mount.options)) &&
           std::find(kOfNothing.begin(), kOfNothing.end(), mount.type) == kOfNothing.end();
  });
}

Slot ContainerFiles::open_tree(std::string_view item, std::string_view reason, std::string_view source, bool recursive,
                               std::uint64_t propagation, bool no_follow, std::string_view below) {
  Plan& plan = builder_.plan();
  const Slot slot = plan.new_slot("tree of " + std::string(source));
  OpenTree step{.source = plan.add(source),
                .recursive = recursive,
                .propagation = propagation,
                .slot = slot,
                .below = plan.add(below),
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
    builder_.add(
        Lane::kParent, item, "the kernel takes a mount's maps from a user namespace",
        MakeUserNamespace{.uid_map = plan.add(key.first), .gid_map = plan.add(key.second), .slot = found->second});
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
  builder_.add(Lane::kParent, item, "on the disk their owners stay what they are",
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
  const bool by_trees = situation_.in_user_namespace || join(root_mount_->options, ",").size() > kMostMountOptions;
  if (!by_trees || root_mount_->type != "overlay") return {};
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
    return fail(
        in(builder_.label("linux.mountLabel"), complaint("this host's kernel has no SELinux, whose label it is")));
  for (std::size_t i = 0; i < config_.mounts.size(); ++i) {
    const spec::Mount& mount = config_.mounts[i];
    Planned planned{
        .mount = &mount, .item = "mounts[" + std::to_string(i) + "]", .options = read_mount_options(mount.options)};
    if (clean_target(mount.destination) == "/") {
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
                       [&](const spec::Device& own) { return clean_target(own.path) == standard.path; });
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
  if (options.copy_up_to_bind && !is_bind) return fail(complaint("copyup is for bind mounts"));
  if (!options.subpath.empty() && !is_bind) return fail(complaint("subpath is for bind mounts"));
  if (options.copy_up && !options.copy_up_to_bind && (is_bind || mount.type != "tmpfs"))
    return fail(complaint("tmpcopyup is for tmpfs mounts"));
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
    if (clean_target(mount.destination) == "/dev") dev_is_bound_ = true;
    const bool recursive = options.recursive_bind || mount.type == "rbind";
    // A slave hears of the host's mounts and tells of none of its own; one that is to be shared does both.
    const bool shared = (options.propagation & kPropagationShared) != 0;
    const std::uint64_t slave = shared ? 0 : kPropagationSlave | (recursive ? kPropagationRecursive : 0);
    planned.tree = open_tree(planned.item, "taken in the host's view, so that no path of the container is followed",
                             in_bundle(mount.source), recursive, slave, options.no_follow_source, options.subpath);
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

}  // namespace caisson::plan
