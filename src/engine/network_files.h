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

/// resolv.conf(5): the servers in `dns` if there are any, else the host's without those that only the host can reach
/// (127.0.0.0/8, ::1).
std::string resolv_conf_text(const std::vector<std::string>& dns, std::string_view host_text);

/// The host's resolv.conf; where its only server is systemd's stub, the file with the servers behind it.
std::string host_resolv_conf();

}  // namespace caisson::engine
