#include "engine/network_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kStubServer = "127.0.0.53";

constexpr std::string_view kBlanks = " \t";

std::string_view keyword_of(std::string_view line) { return line.substr(0, line.find_first_of(kBlanks)); }

// The server of a "nameserver" line; empty for any other line.
std::string_view server_of(std::string_view line) {
  constexpr std::string_view kWord = "nameserver";
  if (keyword_of(line) != kWord) return {};
  line.remove_prefix(kWord.size());
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  return line.substr(0, line.find_first_of(kBlanks));
}

bool is_loopback(std::string_view server) { return server.starts_with("127.") || server == "::1"; }

// Whether a line of the host's says what was asked for otherwise, or nothing.
bool is_replaced(const NameLookup& lookup, std::string_view line) {
  const std::string_view keyword = keyword_of(line);
  if (keyword == "nameserver") return !lookup.servers.empty() || is_loopback(server_of(line));
  if (keyword == "search" || keyword == "domain") return !lookup.search.empty();
  if (keyword == "options") return !lookup.options.empty();
  return line.empty() || line.starts_with('#');
}

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

std::string resolv_conf_text(const NameLookup& lookup, std::string_view host_text) {
  std::string text;
  for (const std::string& server : lookup.servers) text += fmt::format("nameserver {}\n", server);
  const bool searches = !lookup.search.empty() && lookup.search != std::vector<std::string>{"."};
  if (searches) text += fmt::format("search {}\n", join(lookup.search, " "));
  if (!lookup.options.empty()) text += fmt::format("options {}\n", join(lookup.options, " "));
  for (const std::string_view line : split(host_text, '\n')) {
    if (!is_replaced(lookup, line)) text += fmt::format("{}\n", line);
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
