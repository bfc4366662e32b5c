// The floor's cgroups: one in the root of each mounted hierarchy, gone when their object goes unless they are kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace caisson::bench {

/// One mounted cgroup hierarchy, in whose root the container's cgroup was made.
struct Hierarchy {
  std::array<char, 64> name;  ///< its directory below /sys/fs/cgroup; empty on a host with v2 alone
  int root;                   ///< its root directory
  int tasks;                  ///< v1: `tasks` of the container's cgroup, for the child to write itself into
  bool is_v2;
};

/// One cgroup of the same name in each hierarchy, with what the default config asks for: the device rules of v1.
class Cgroups {
 public:
  static constexpr std::size_t kLongestName = 63;

  /// `name` null: `floor-PID`.
  explicit Cgroups(const char* name);
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;
  ~Cgroups() {
    if (is_owner_) remove();
  }

  /// Finds what is mounted (statfs(2) of /sys/fs/cgroup and below) and makes the cgroups, with a limit of memory if
  /// that is not 0. Complains itself.
  bool make(std::uint64_t memory_bytes);

  /// Finds the cgroups that another floor has kept: to join them, or to remove them. Complains itself.
  bool find_to_join();
  bool find_to_remove();

  /// They stay when this object goes.
  void keep() { is_owner_ = false; }

  /// Removes all of them. A cgroup is busy for a moment after its last process was reaped: waits for that.
  bool remove();

  std::span<const Hierarchy> all() const { return {hierarchies_.data(), count_}; }
  const char* own() const { return own_.data(); }

  /// The v2 cgroup, for the child to be born in (CLONE_INTO_CGROUP); -1 without one.
  int v2_cgroup() const { return v2_cgroup_; }
  bool has_v1() const { return count_ > (v2_cgroup_ >= 0 ? 1U : 0U); }

 private:
  enum class Purpose : std::uint8_t { kMake, kJoin, kRemove };
  bool find(Purpose purpose);
  bool add_if_mounted(int mounts, const char* name, Purpose purpose);
  bool add(const char* name, int root, bool is_v2, Purpose purpose);
  bool configure(const Hierarchy& hierarchy) const;
  int open_own(const Hierarchy& hierarchy, const char* file, int flags) const;
  bool copy_down(const Hierarchy& hierarchy, const char* file) const;
  bool write_to(const Hierarchy& hierarchy, const char* file, std::string_view value) const;
  bool write_device_rules(const Hierarchy& hierarchy) const;

  std::array<char, kLongestName + 1> own_{};
  std::array<Hierarchy, 24> hierarchies_{};
  std::size_t count_ = 0;
  int v2_cgroup_ = -1;
  std::uint64_t memory_bytes_ = 0;
  bool is_owner_ = false;
};

}  // namespace caisson::bench
