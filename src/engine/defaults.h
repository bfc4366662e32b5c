// What every container gets unless told otherwise: podman's posture (see compose.h for where it differs).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec/config.h"

namespace caisson::engine {

inline constexpr std::int64_t kDefaultPids = 2048;
inline constexpr std::int64_t kDefaultShmBytes = 64 << 20;
inline constexpr std::uint64_t kDefaultLimit = 1048576;  ///< of open files, and of processes
inline constexpr std::uint32_t kDefaultUmask = 0022;
inline constexpr std::uint64_t kCpuPeriodUs = 100000;
inline constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
inline constexpr std::string_view kCgroupPrefix =
    "/caisson-";                         ///< of a container's cgroup at the top of each hierarchy
inline constexpr int kSystemdHalt = 37;  ///< SIGRTMIN+3, as glibc counts: what shuts systemd down (systemd(1))
inline constexpr std::string_view kDefaultShell = "/bin/sh";

/// The eleven capabilities of a container's root.
std::uint64_t default_capabilities();

/// Hidden: what tells about the host or leads to its firmware. `cpus`: each one's thermal_throttle directory.
std::vector<std::string> default_masked_paths(std::uint32_t cpus);

/// Read-only parts of /proc.
std::vector<std::string> default_readonly_paths();

/// Device rules: deny all. What every container needs is allowed by the conversion (cgroup/conversion.h), as the
/// runtime-spec has it.
std::vector<spec::DeviceRule> default_device_rules();

/// Variables of the caller that are passed on: proxies, in lower and upper case.
inline constexpr std::array<std::string_view, 8> kProxyVariables = {
    "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"};

/// Where programs expect to write: memory, when the root filesystem is read-only.
inline constexpr std::array<std::string_view, 3> kWritablePaths = {"/run", "/tmp", "/var/tmp"};

}  // namespace caisson::engine
