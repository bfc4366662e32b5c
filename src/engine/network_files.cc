#include "engine/network_files.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kStubServer = "127.0.0.53";

// The server of a "nameserver" line; empty for any other line.
std::string_view server_of(std::string_view line) {
  constexpr std::string_view kWord = "nameserver";
  if (!line.starts_with(kWord) || line.size() == kWord.size()) return {};
  line.remove_prefix(kWord.size());
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line.substr(0, line.find_first_of(" \t"));
}

bool is_loopback(std::string_view server) { return server.starts_with("127.") || server == "::1"; }

}  // namespace

std::string hosts_text(const std::vector<HostAddress>& added, std::string_view host_lines, std::string_view hostname,
                       std::string_view name) {
  std::string text;
  for (const HostAddress& host : added) text += fmt::format("{}\t{}\n", host.address, join(host.names, " "));
  if (host_lines.empty()) {
    text += "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  } else {
    text += host_lines;
    if (!text.ends_with('\n')) text += '\n';
  }
  return text + fmt::format("127.0.0.1\t{} {}\n", hostname, name);
}

std::string resolv_conf_text(const std::vector<std::string>& dns, std::string_view host_text) {
  std::string text;
  for (const std::string& server : dns) text += fmt::format("nameserver {}\n", server);
  for (const std::string_view line : split(host_text, '\n')) {
    const std::string_view server = server_of(line);
    const bool left_out = server.empty() ? line.empty() || line.starts_with('#') : !dns.empty() || is_loopback(server);
    if (!left_out) text += fmt::format("{}\n", line);
  }
  return text;
}

std::string host_resolv_conf() {
  std::string text = kernel::read_file("/etc/resolv.conf").value_or("");
  for (const std::string_view line : split(text, '\n')) {
    if (server_of(line) == kStubServer) return kernel::read_file("/run/systemd/resolve/resolv.conf").value_or(text);
  }
  return text;
}

}  // namespace caisson::engine
