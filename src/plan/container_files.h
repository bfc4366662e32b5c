// The root filesystem, mounts, devices and protected paths of a container's plan.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plan/builder.h"
#include "plan/mount_options.h"
#include "plan/mount_owners.h"
#include "plan/overlay.h"
#include "spec/config.h"

namespace caisson::plan {

/// What the rest of the plan has decided about files.
struct FileSituation {
  bool own_cgroup_namespace = false;
  bool own_unlimited_hierarchies = false;  ///< Request's
  bool host_cgroup_namespace = false;      ///< neither a new one nor another's
  std::vector<std::string> cgroup_directories;
  std::vector<std::string> callers_cgroups;  ///< Request::callers_cgroups
  bool cgroup_is_late = false;               ///< it is not there before the child is
  bool bind_devices = false;                 ///< device nodes cannot be made: the host's are bound
  bool bind_sysfs = false;                   ///< a fresh sysfs may be refused: the host's is bound then
  bool in_user_namespace = false;
  bool root_at_top = false;     ///< the root is mounted over "/": its own directory cannot be reached
  Lane opener = Lane::kParent;  ///< who may copy the host's mounts: an ordinary user's child, in a namespace of its own
};

/// The target of a mount or a device as an absolute path, without a slash at its end.
std::string clean_target(std::string path);

bool is_bind_mount(const spec::Mount& mount, const MountOptions& options);

/// Whether a path of the host's is told to the kernel as something is mounted: by a file system's source or its options
/// (an ext4's device, an overlay's layers), and not as a tree that is opened before.
bool names_host_in_mounts(const spec::Config& config);

class ContainerFiles {
 public:
  ContainerFiles(const spec::Config& config, Builder& builder, FileSituation situation)
      : config_(config), builder_(builder), situation_(std::move(situation)) {}

  /// What is opened in the host's view.
  Result<> open();
  /// The trees whose files' owners are to be shown as those of the user namespace `of` stands for.
  void map_owners(const IdMapTree& of);
  /// What the child mounts and makes before the pivot. `before_cgroups` adds what has to come before the first cgroup
  /// file system, or after all mounts if there is none.
  Result<> mount(const std::function<void()>& before_cgroups);
  void pivot();
  /// What is hidden or made read-only after it.
  void protect();

  Slot root() const { return root_; }
  bool bind_console() const { return !dev_is_bound_; }

 private:
  struct Planned {
    const spec::Mount* mount;
    std::string item;
    MountOptions options;
    Slot tree = kNoSlot;
    std::vector<Slot> cgroup_trees;   // of a cgroup mount without a cgroup namespace
    std::vector<Slot> callers_trees;  // of the cgroups that are not the container's own
    OverProc over_proc = OverProc::kNothing;
    bool mask_if_refused = false;  // a cgroup mount that would show the host's tree otherwise
  };

  Result<> open_root();
  Result<> open_mount(Planned& planned);
  void open_cgroup(Planned& planned);
  Result<> check(const Planned& planned, bool is_bind) const;
  Result<> map_tree(const spec::Mount& mount, const MountOptions& options, const std::string& item, Slot tree);
  Slot user_namespace(const std::string& item, const MountOwners& owners);
  std::string in_bundle(const std::string& path) const;
  std::vector<std::string> with_label(std::vector<std::string> options) const;
  Slot open_tree(std::string_view item, std::string_view reason, std::string_view source, bool recursive,
                 std::uint64_t propagation, bool no_follow = false, std::string_view below = {});
  Mount nothing_at(Text target);
  void place_root();
  void place(const Planned& planned);
  const CgroupHierarchy* v1_hierarchy_of(std::string_view directory) const;
  void place_cgroup_v1(const Planned& planned);
  void devices();
  void device(const spec::Device& device, std::string_view item, std::string_view reason, Slot tree);
  void links();

  const spec::Config& config_;
  Builder& builder_;
  FileSituation situation_;
  std::vector<Planned> planned_;
  std::vector<spec::Device> default_devices_;
  std::vector<Slot> device_trees_;
  std::vector<std::string> read_only_later_;
  const spec::Mount* root_mount_ = nullptr;  // an overlay, or a bind
  Slot root_tree_ = kNoSlot;
  Slot first_layer_ = kNoSlot;  // of an overlay in a user namespace
  Slot writable_ = kNoSlot;
  OverlayDirectories overlay_;
  struct MappedTree {
    Slot tree;
    bool recursive;
    std::string item;
  };
  std::vector<MappedTree> mapped_;
  std::map<std::pair<std::string, std::string>, Slot> user_namespaces_;  // by their maps
  Slot root_ = kNoSlot;
  Slot null_ = kNoSlot;
  Slot empty_ = kNoSlot;
  bool dev_is_bound_ = false;
};

}  // namespace caisson::plan
