// /etc/hosts and /etc/resolv.conf of a container. Pure but for host_resolv_conf().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/run_options.h"

namespace caisson::engine {

/// hosts(5): what was added first, then the host's own lines (`host_lines`, with --network host) or those of the
/// loopback, then the container's hostname and name.
std::string hosts_text(const std::vector<HostAddress>& added, std::string_view host_lines, std::string_view hostname,
                       std::string_view name);

/// What a container's own resolv.conf(5) says; where a list is empty, the host's does.
struct NameLookup {
  std::vector<std::string> servers;
  std::vector<std::string> search;  ///< "." alone: no domain
  std::vector<std::string> options;
};

/// resolv.conf(5): what was asked for, then what the host's says beside it, without those servers that only the host
/// can reach (127.0.0.0/8, ::1).
std::string resolv_conf_text(const NameLookup& lookup, std::string_view host_text);

/// The host's resolv.conf; where its only server is systemd's stub, the file with the servers behind it.
std::string host_resolv_conf();

}  // namespace caisson::engine
