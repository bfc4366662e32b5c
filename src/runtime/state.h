// What is kept of an OCI container: one directory ROOT/ID, made by create and removed by delete.
//
//   ROOT/ID/config.json   as the bundle had it when the container was created
//   ROOT/ID/state.json    a Record
//   ROOT/ID/start         the socket that a created container waits at; gone once it has been started
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "kernel/processes.h"

namespace caisson::runtime {

/// Where the containers of one caller are kept.
struct StateRoot {
  std::string path;  ///< absolute
  std::string directory(std::string_view id) const { return path + "/" + std::string(id); }
  std::string notify_directory(std::string_view id) const { return directory(id) + "/notify"; }  ///< notify.h
  std::string config(std::string_view id) const { return directory(id) + "/config.json"; }
  std::string record(std::string_view id) const { return directory(id) + "/state.json"; }
  std::string start_socket(std::string_view id) const { return directory(id) + "/start"; }
};

/// What was asked for beside the configuration: with it the same plan can be made again.
struct Choices {
  bool new_keyring = true;
  bool pivot = true;                 ///< not: the root is moved onto "/" (plan::Request::no_pivot)
  bool notifies = false;             ///< the caller's service manager hears of it (notify.h)
  bool network_ahead = false;        ///< its network namespace was made ahead, if it has one of its own
  bool few_mounts = false;           ///< it was born in kernel::few_mounts(), if its configuration allows that
  std::string systemd_program = {};  ///< has systemd make the cgroup (systemd.h); empty: it is made directly
};

struct Record {
  std::string id;
  std::string oci_version;
  std::string bundle;  ///< absolute
  std::string rootfs;  ///< absolute
  std::map<std::string, std::string> annotations;
  std::vector<std::string> cgroup_directories;   ///< one a hierarchy (cgroup::Layout)
  std::vector<std::string> resctrl_directories;  ///< removed with it, in this order (plan/resctrl.h)
  std::string systemd_unit;                      ///< the unit whose cgroup that is; empty: systemd made none
  bool systemd_is_user = false;                  ///< it is a user's own
  std::uint32_t owner = 0;                       ///< the uid of whoever created it
  long long created_ns = 0;                      ///< since the epoch
  Choices choices;
  bool has_poststop = false;  ///< hooks of its configuration run when it is removed
  kernel::ProcessId creator;  ///< the command that creates it, for as long as there is no process
  kernel::ProcessId process;  ///< pid 0: not there yet
};

enum class Status { kCreating, kCreated, kRunning, kPaused, kStopped };
std::string_view status_word(Status status);  ///< runtime.md, "State": "creating" … "stopped"; and "paused"

struct Container {
  Record record;
  Status status = Status::kStopped;
};

/// True for what a container may be called: letters, digits and _+.- (neither "." nor "..").
bool is_container_id(std::string_view id);

std::string to_json(const Record& record);
Result<Record> read_record(std::string_view json);

/// The container `id` and its status of this moment. Errors, in runc's words: "invalid container ID format", "container
/// does not exist"; a record that cannot be read.
Result<Container> find_container(const StateRoot& root, const std::string& id);

/// The ids of all that is kept below `root`, sorted.
Result<std::vector<std::string>> container_ids(const StateRoot& root);

/// "container with given ID already exists"
Error id_is_taken();

/// A directory for the new container `id`. Errors: id_is_taken(), "invalid container ID format".
Result<> reserve(const StateRoot& root, const std::string& id);

/// Writes the record; readers see the former or the new one.
Result<> write_record(const StateRoot& root, const Record& record);

/// A listening socket at StateRoot::start_socket(), however long its path.
Result<Fd> listen_for_start(const StateRoot& root, const std::string& id);
/// A connection to it. Errors: ENOENT, ECONNREFUSED where nobody waits there any more.
Result<Fd> connect_to_start(const StateRoot& root, const std::string& id);

}  // namespace caisson::runtime
