// The command lines of criu(8) that checkpoint and restore a container. Pure; tables in test/unit/runtime_criu_test.cc.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace caisson::runtime {

/// What the user may ask of both ways.
struct CriuOptions {
  std::string image_path;   ///< the directory of the images; absolute
  std::string work_path;    ///< that of the log and the statistics; absolute, empty: image_path
  std::string config_file;  ///< criu's own options as a file; empty: none
  bool tcp_established = false;
  bool ext_unix_sk = false;
  bool shell_job = false;
  bool file_locks = false;
  bool link_remap = false;
  bool auto_dedup = false;
  bool lazy_pages = false;
  std::string manage_cgroups = "soft";
  std::string network_lock;  ///< "iptables", "nftables"; empty: criu's own choice

  const std::string& log_directory() const { return work_path.empty() ? image_path : work_path; }
};

inline constexpr std::string_view kDumpLog = "dump.log";
inline constexpr std::string_view kRestoreLog = "restore.log";

struct CriuDumpOptions : CriuOptions {
  bool pre_dump = false;  ///< the memory alone; the container goes on
  bool leave_running = false;
  bool tcp_skip_in_flight = false;
  std::string parent_path;          ///< of the images that these complete, relative to image_path; empty: none
  std::string page_server_address;  ///< where the memory goes instead of to files; empty: to files
  std::string page_server_port;
  int status_fd = -1;  ///< gets a zero byte when pages can be asked for; -1: none
};

struct CriuRestoreOptions : CriuOptions {
  bool tcp_close = false;
  std::string lsm_profile;        ///< "apparmor:NAME"
  std::string lsm_mount_context;  ///< SELinux
};

/// A mount whose file system lives outside of the container: on dump its place there and the name that it gets in the
/// images, on restore that name and what of this host is mounted.
struct ExternalMount {
  std::string first;
  std::string second;
};

/// What is dumped.
struct DumpedContainer {
  pid_t pid = 0;
  std::string rootfs;
  std::string freezer;  ///< the cgroup in which it is stopped meanwhile; empty: process by process
  std::vector<ExternalMount> mounts;
  std::vector<std::string> externals;  ///< further resources, as --external has them: "net[4026531840]:extRootNetNS"
};

/// A file that is open in criu, in the place of one that the images name.
struct InheritedFd {
  int fd = -1;
  std::string key;  ///< "pipe:[4711]"
};

/// What is made of the images.
struct RestoredContainer {
  std::string root;      ///< where its root file system is mounted
  std::string pid_file;  ///< gets the pid of its first process
  std::vector<std::string>
      cgroup_roots;  ///< as --cgroup-root has them: "memory:/box"; without a controller: the others'
  std::vector<ExternalMount> mounts;
  std::vector<InheritedFd> descriptors;
  std::vector<std::string> joined;  ///< namespaces, as --join-ns has them: "ipc:/run/ipcns"
};

/// argv, with the program's name.
std::vector<std::string> criu_dump_arguments(const CriuDumpOptions& options, const DumpedContainer& container);
std::vector<std::string> criu_restore_arguments(const CriuRestoreOptions& options, const RestoredContainer& container);

/// The last complaints in a log of criu's, without their times, on one line; empty if there is none. Of their words,
/// the last `most` are kept: the one that says that all has failed, and those that say why.
std::string criu_complaints(std::string_view log, std::size_t most = 3);

}  // namespace caisson::runtime
