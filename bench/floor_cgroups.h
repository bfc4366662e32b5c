// The floor's cgroups: one in the root of each mounted hierarchy, gone when their object goes.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace caisson::bench {

/// One mounted cgroup hierarchy, in whose root the container's cgroup was made.
struct Hierarchy {
  std::array<char, 64> name;  ///< its directory below /sys/fs/cgroup; empty on a host with v2 alone
  int root;                   ///< its root directory
  int tasks;                  ///< v1: `tasks` of the container's cgroup, for the child to write itself into
  bool is_v2;
};

/// The cgroups `floor-PID`, with what the default config asks for in them: the device rules of v1.
class Cgroups {
 public:
  Cgroups();
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;
  ~Cgroups() { remove(); }

  /// Finds what is mounted (statfs(2) of /sys/fs/cgroup and below) and makes the cgroups. Complains itself.
  bool make();

  /// Removes what was made. A cgroup is busy for a moment after its last process was reaped: waits for that.
  bool remove();

  std::span<const Hierarchy> all() const { return {hierarchies_.data(), count_}; }
  const char* own() const { return own_.data(); }

  /// The v2 cgroup, for the child to be born in (CLONE_INTO_CGROUP); -1 without one.
  int v2_cgroup() const { return v2_cgroup_; }
  bool has_v1() const { return count_ > (v2_cgroup_ >= 0 ? 1U : 0U); }

 private:
  bool add_if_mounted(int mounts, const char* name);
  bool add(const char* name, int root, bool is_v2);
  int open_own(const Hierarchy& hierarchy, const char* file, int flags) const;
  bool copy_down(const Hierarchy& hierarchy, const char* file) const;
  bool write_device_rules(const Hierarchy& hierarchy) const;

  std::array<char, 32> own_{};
  std::array<Hierarchy, 24> hierarchies_{};
  std::size_t count_ = 0;
  int v2_cgroup_ = -1;
};

}  // namespace caisson::bench
