#include "network/listeners.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::network {

namespace {

constexpr std::size_t kLocal = 1;
constexpr std::size_t kRemote = 2;
constexpr std::size_t kState = 3;
constexpr std::size_t kInode = 9;
constexpr std::string_view kListening = "0A";  // TCP_LISTEN

struct Table {
  const char* name;
  Protocol protocol;
  Family family;
};
constexpr std::array kTables = {
    Table{"tcp", Protocol::kTcp, Family::kIpv4}, Table{"tcp6", Protocol::kTcp, Family::kIpv6},
    Table{"udp", Protocol::kUdp, Family::kIpv4}, Table{"udp6", Protocol::kUdp, Family::kIpv6}};

std::optional<std::uint32_t> read_hex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Words of four bytes as this host has them.
std::optional<Address> read_packed(std::string_view text, Family family) {
  Address address{.family = family};
  if (text.size() != 2 * address.size()) return std::nullopt;
  for (std::size_t word = 0; word < address.size() / 4; ++word) {
    const auto value = read_hex(text.substr(word * 8, 8));
    if (!value) return std::nullopt;
    std::memcpy(address.bytes.data() + word * 4, &*value, 4);
  }
  return address;
}

std::set<std::string> sockets_of_cgroup(pid_t pid) {
  std::set<std::string> inodes;
  const std::string own = kernel::read_file(fmt::format("/proc/{}/cgroup", pid)).value_or("");
  if (own.empty()) return inodes;
  for (const std::string& other : kernel::list_directory("/proc").value_or(std::vector<std::string>())) {
    if (!parse_unsigned(other)) continue;
    const std::string theirs = kernel::read_file("/proc/" + other + "/cgroup").value_or("");
    const auto mine = split(own, '\n');
    const auto lines = split(theirs, '\n');
    const bool is_within =
        lines.size() == mine.size() && std::ranges::equal(lines, mine, [](std::string_view line, std::string_view top) {
          return line.starts_with(top);
        });
    if (!is_within) continue;
    const std::string directory = "/proc/" + other + "/fd";
    for (const std::string& number : kernel::list_directory(directory).value_or(std::vector<std::string>())) {
      const std::string target = kernel::read_link(directory + "/" + number).value_or("");
      if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
    }
  }
  return inodes;
}

}  // namespace

std::vector<Listener> read_listeners(std::string_view table, Protocol protocol, Family family) {
  std::vector<Listener> listeners;
  for (const std::string_view line : split(table, '\n')) {
    std::vector<std::string_view> fields;
    for (const std::string_view field : split(line, ' ')) {
      if (!field.empty()) fields.push_back(field);
    }
    if (fields.size() <= kInode) continue;
    const Cut local = cut(fields[kLocal], ':');
    const auto address = read_packed(local.head, family);
    const auto port = read_hex(local.tail.value_or(""));
    const bool waits = protocol == Protocol::kTcp ? fields[kState] == kListening : fields[kRemote].ends_with(":0000");
    if (address && port && waits)
      listeners.push_back({*address, static_cast<std::uint16_t>(*port), protocol, std::string(fields[kInode])});
  }
  return listeners;
}

std::vector<Listener> listeners_of(pid_t pid) {
  std::vector<Listener> all;
  for (const Table& table : kTables) {
    const std::string text = kernel::read_file(fmt::format("/proc/{}/net/{}", pid, table.name)).value_or("");
    for (Listener& each : read_listeners(text, table.protocol, table.family)) all.push_back(std::move(each));
  }
  return all;
}

std::vector<Listener> listeners_of_cgroup(pid_t pid) {
  std::vector<Listener> all = listeners_of(pid);
  const std::set<std::string> own = sockets_of_cgroup(pid);
  std::erase_if(all, [&](const Listener& each) { return !own.contains(each.inode); });
  return all;
}

}  // namespace caisson::network
