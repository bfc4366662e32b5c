#include "engine/accounts.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::engine {

namespace {

constexpr std::uint64_t kLastId = 2147483647;  // docker's bound; ids above it are negative to some programs
constexpr std::size_t kLongestHome = 4095;     // PATH_MAX without its null byte

struct PasswdEntry {
  std::string_view name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string_view home;
};

struct GroupEntry {
  std::string_view name;
  std::uint32_t gid = 0;
  std::string_view members;  ///< separated by commas
};

std::optional<std::uint32_t> read_id(std::string_view text) {
  const std::optional<std::uint64_t> id = parse_unsigned(text);
  if (!id || *id > kLastId) return std::nullopt;
  return static_cast<std::uint32_t>(*id);
}

// The next field of a line, which is taken off; the rest of a short line is empty.
std::string_view next_field(std::string_view& line) {
  const Cut parts = cut(line, ':');
  line = parts.tail.value_or(std::string_view());
  return parts.head;
}

// The next line of a text, which is taken off.
std::string_view next_line(std::string_view& text) {
  const Cut parts = cut(text, '\n');
  text = parts.tail.value_or(std::string_view());
  return parts.head;
}

// A field that is not a number is no zero: "evil:x::" must not become root.
std::optional<PasswdEntry> read_passwd_line(std::string_view line) {
  PasswdEntry entry;
  entry.name = next_field(line);
  next_field(line);  // the password
  const std::optional<std::uint32_t> uid = read_id(next_field(line));
  const std::optional<std::uint32_t> gid = read_id(next_field(line));
  next_field(line);  // the comment
  entry.home = next_field(line);
  if (entry.name.empty() || entry.name[0] == '#' || !uid || !gid) return std::nullopt;
  entry.uid = *uid;
  entry.gid = *gid;
  return entry;
}

std::optional<GroupEntry> read_group_line(std::string_view line) {
  GroupEntry entry;
  entry.name = next_field(line);
  next_field(line);  // the password
  const std::optional<std::uint32_t> gid = read_id(next_field(line));
  entry.members = next_field(line);
  if (entry.name.empty() || entry.name[0] == '#' || !gid) return std::nullopt;
  entry.gid = *gid;
  return entry;
}

template <class Matches>
std::optional<PasswdEntry> find_user(std::string_view passwd, Matches matches) {
  while (!passwd.empty()) {
    const std::optional<PasswdEntry> entry = read_passwd_line(next_line(passwd));
    if (entry && matches(*entry)) return entry;
  }
  return std::nullopt;
}

std::optional<GroupEntry> find_group(std::string_view group, std::string_view name) {
  while (!group.empty()) {
    const std::optional<GroupEntry> entry = read_group_line(next_line(group));
    if (entry && entry->name == name) return entry;
  }
  return std::nullopt;
}

bool lists(std::string_view members, std::string_view name) {
  while (!members.empty()) {
    const Cut parts = cut(members, ',');
    if (parts.head == name) return true;
    members = parts.tail.value_or(std::string_view());
  }
  return false;
}

// What is put into the environment must be a path and nothing else.
std::string safe_home(std::string_view home) {
  const bool printable =
      std::none_of(home.begin(), home.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return home.starts_with('/') && home.size() <= kLongestHome && printable ? std::string(home) : "/";
}

void add_group(Account& account, std::uint32_t gid) {
  if (std::find(account.groups.begin(), account.groups.end(), gid) == account.groups.end())
    account.groups.push_back(gid);
}

Error id_out_of_range(std::string_view kind, std::string_view id) {
  return complaint(fmt::format("the {} id {} is above {}", kind, id, kLastId));
}

Result<std::uint32_t> resolve_group(std::string_view name, std::string_view group) {
  if (parse_unsigned(name)) {
    if (const std::optional<std::uint32_t> gid = read_id(name)) return *gid;
    return fail(id_out_of_range("group", name));
  }
  if (const std::optional<GroupEntry> entry = find_group(group, name)) return entry->gid;
  return fail(complaint(fmt::format("no group '{}' in the container's /etc/group", name), "a number needs no entry"));
}

Result<> resolve_user(std::string_view user, std::string_view passwd, Account& account) {
  const std::string_view wanted = user.empty() ? "0" : user;
  const bool number = parse_unsigned(wanted).has_value();
  const std::optional<std::uint32_t> uid = read_id(wanted);
  if (number && !uid) return fail(id_out_of_range("user", wanted));

  const std::optional<PasswdEntry> entry =
      find_user(passwd, [&](const PasswdEntry& e) { return number ? e.uid == *uid : e.name == wanted; });
  if (!entry && !number) {
    return fail(
        complaint(fmt::format("no user '{}' in the container's /etc/passwd", wanted), "a number needs no entry"));
  }
  account.uid = entry ? entry->uid : *uid;
  if (!entry) return {};
  account.gid = entry->gid;
  account.name = entry->name;
  account.home = safe_home(entry->home);
  return {};
}

}  // namespace

Result<Account> resolve_account(std::string_view user, const std::vector<std::string>& more_groups,
                                std::string_view passwd, std::string_view group) {
  const Cut parts = cut(user, ':');
  Account account;
  TRY(resolve_user(parts.head, passwd, account));
  const std::string_view own_group = parts.tail.value_or(std::string_view());
  if (!own_group.empty()) account.gid = TRY(resolve_group(own_group, group));

  add_group(account, account.gid);
  for (std::string_view rest = own_group.empty() && !account.name.empty() ? group : std::string_view();
       !rest.empty();) {
    const std::optional<GroupEntry> entry = read_group_line(next_line(rest));
    if (entry && lists(entry->members, account.name)) add_group(account, entry->gid);
  }
  for (const std::string& name : more_groups) add_group(account, TRY(resolve_group(name, group)));
  return account;
}

Result<std::string> passwd_line(const Account& account, std::string_view name, std::string_view entry) {
  const std::string uid = std::to_string(account.uid);
  const std::string own_name = name.empty() ? uid : std::string(name);
  std::string line(entry.empty() ? "$USERNAME:*:$UID:$GID:container user:$HOME:/bin/sh" : entry);
  const std::array<std::pair<std::string_view, std::string>, 5> variables = {{{"$USERNAME", own_name},
                                                                              {"$UID", uid},
                                                                              {"$GID", std::to_string(account.gid)},
                                                                              {"$NAME", own_name},
                                                                              {"$HOME", account.home}}};
  for (const auto& [variable, value] : variables) {
    for (std::size_t at = line.find(variable); at != std::string::npos; at = line.find(variable, at + value.size()))
      line.replace(at, variable.size(), value);
  }
  constexpr std::ptrdiff_t kSeparators = 6;
  if (std::ranges::count(line, ':') != kSeparators || line.find('\n') != std::string::npos || !read_passwd_line(line))
    return fail(
        complaint(fmt::format("'{}' is no line of /etc/passwd", line), "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh is"));
  return line + "\n";
}

std::string user_name(std::string_view passwd, std::uint32_t uid) {
  const std::optional<PasswdEntry> entry = find_user(passwd, [&](const PasswdEntry& e) { return e.uid == uid; });
  return entry ? std::string(entry->name) : std::string();
}

}  // namespace caisson::engine
