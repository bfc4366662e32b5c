// User namespaces: writing their id maps, directly or through newuidmap(1) and newgidmap(1), and running a child in
// one.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace caisson::kernel {

/// Whether this process is in another user namespace than the host's first: root is an ordinary user's there.
bool in_user_namespace();

/// Whether this process may copy mounts of the mount namespace that it is in, for which it needs CAP_SYS_ADMIN in the
/// user namespace that owns that one. Tried out, at the price of a mount.
bool may_copy_mounts();

/// Who is who in a user namespace, as the kernel takes it (user_namespaces(7)).
struct IdMaps {
  std::string uid_map;  ///< lines "INSIDE OUTSIDE COUNT\n"
  std::string gid_map;
  std::string uid_program;  ///< newuidmap, which writes what this process itself may not; empty: written directly
  std::string gid_program;
  bool deny_setgroups = false;  ///< what the kernel asks for where an ordinary user maps its own group alone
};

enum class MapPart { kNone, kSetgroups, kUidMap, kGidMap, kUidProgram, kGidProgram };

/// How writing the maps went: kNone, or what failed. Of a program that said no, error is EPERM; of one that could not
/// be executed, execve(2)'s.
struct MapOutcome {
  MapPart part = MapPart::kNone;
  int error = 0;
};

/// The same maps as C strings, for those who may not allocate.
struct IdMapTexts {
  const char* uid_map = "";
  const char* gid_map = "";
  const char* uid_program = "";
  const char* gid_program = "";
  bool deny_setgroups = false;
};

/// Writes the maps of the user namespace that the process `pid` has just made. The two programs run beside each other.
MapOutcome write_id_maps(pid_t pid, const IdMapTexts& maps) noexcept;

/// fork(2) of a single-threaded process, whose child is root of a new user namespace with these maps (or, where 0 is
/// not mapped, the first user that is). Returns 0 in the child. Errors: the namespace cannot be made, the maps cannot
/// be written.
Result<pid_t> fork_in_user_namespace(const IdMaps& maps);

}  // namespace caisson::kernel
