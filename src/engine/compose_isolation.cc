// Namespaces, names, hidden paths, and kernel parameters that a namespace has of its own.
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/compose_topics.h"
#include "engine/defaults.h"

namespace caisson::engine {

namespace {

using spec::NamespaceType;

struct NamespaceRow {
  NamespaceType type;
  std::string_view option;
  NamespaceChoice RunOptions::* choice;
};
constexpr std::array kRows = {
    NamespaceRow{NamespaceType::kPid, "pid", &RunOptions::pid},
    NamespaceRow{NamespaceType::kNetwork, "network", &RunOptions::network},
    NamespaceRow{NamespaceType::kIpc, "ipc", &RunOptions::ipc},
    NamespaceRow{NamespaceType::kUts, "uts", &RunOptions::uts},
    NamespaceRow{NamespaceType::kCgroup, "cgroupns", &RunOptions::cgroupns},
};

Result<std::string> joined_path(const Composing& c, const NamespaceRow& row, const NamespaceChoice& choice) {
  if (choice.kind == NamespaceKind::kPath) return choice.target;
  if (choice.kind != NamespaceKind::kContainer) return std::string();
  const auto found = c.around.namespaces.find(row.type);
  if (found != c.around.namespaces.end() && !found->second.empty()) return found->second;
  return fail(
      in(c.typed(row.option),
         complaint(fmt::format("container '{}' has no process whose namespace could be joined", choice.target))));
}

bool is_own(const NamespaceChoice& choice) {
  return choice.kind == NamespaceKind::kPrivate || choice.kind == NamespaceKind::kShareable ||
         choice.kind == NamespaceKind::kNone;
}

// The namespace that a kernel parameter belongs to (namespaces(7)); nothing for one that is the whole host's.
std::optional<NamespaceType> namespace_of(std::string_view sysctl) {
  constexpr std::array<std::string_view, 11> kIpc = {
      "kernel.msgmax", "kernel.msgmnb",      "kernel.msgmni",         "kernel.msg_next_id",
      "kernel.sem",    "kernel.sem_next_id", "kernel.shmall",         "kernel.shmmax",
      "kernel.shmmni", "kernel.shm_next_id", "kernel.shm_rmid_forced"};
  if (sysctl.starts_with("net.")) return NamespaceType::kNetwork;
  if (sysctl.starts_with("fs.mqueue.")) return NamespaceType::kIpc;
  if (std::find(kIpc.begin(), kIpc.end(), sysctl) != kIpc.end()) return NamespaceType::kIpc;
  if (sysctl == "kernel.domainname" || sysctl == "kernel.hostname") return NamespaceType::kUts;
  return std::nullopt;
}

const NamespaceRow& row_of(NamespaceType type) {
  return *std::find_if(kRows.begin(), kRows.end(), [type](const NamespaceRow& row) { return row.type == type; });
}

// With slashes, dots belong to a name ("net/ipv4/conf/eth0.1/forwarding"): then they change places, as sysctl(8) has
// it.
std::string dotted(std::string_view name) {
  const std::size_t first = name.find_first_of("./");
  std::string text(name);
  if (first == std::string_view::npos || name[first] == '.') return text;
  for (char& c : text) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return text;
}

// Parts between dots, none empty or "..": as much as every kernel parameter's name has.
bool is_parameter(const std::string& dotted_name) {
  const std::vector<std::string_view> parts = split(dotted_name, '.');
  return parts.size() > 1 && dotted_name.find("//") == std::string::npos &&
         std::none_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); });
}

bool is_unmasked(const SecurityChoice& security, const std::string& path) {
  return security.unmask_all ||
         std::any_of(security.unmasked.begin(), security.unmasked.end(), [&](const std::string& pattern) {
           return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
         });
}

}  // namespace

std::string container_hostname(const RunOptions& options, const Surroundings& surroundings) {
  if (options.uts.kind == NamespaceKind::kHost) return surroundings.host_name;
  if (!is_own(options.uts)) return {};
  return options.hostname.empty() ? short_id(surroundings.id) : options.hostname;
}

// First of all that are shared: it owns the others.
void compose_user_namespace(const Composing& c) {
  const UserNamespace& chosen = c.user_namespace();
  if (!chosen.own) return;
  spec::Linux& config = c.config().linux_;
  c.origin(fmt::format("linux.namespaces[{}]", config.namespaces.size()), "userns");
  config.namespaces.push_back({NamespaceType::kUser, chosen.path});
  if (!chosen.path.empty()) return;
  config.uid_mappings = chosen.uids;
  config.gid_mappings = chosen.gids;
  for (const std::string_view option : {"userns", "gidmap", "uidmap"}) c.origin("linux.uidMappings", option);
}

Result<> compose_namespaces(const Composing& c) {
  std::vector<spec::Namespace>& namespaces = c.config().linux_.namespaces;
  namespaces.push_back({NamespaceType::kMount, {}});
  compose_user_namespace(c);
  for (const NamespaceRow& row : kRows) {
    const NamespaceChoice& choice = c.options.*row.choice;
    if (choice.kind == NamespaceKind::kHost) continue;
    c.origin(fmt::format("linux.namespaces[{}]", namespaces.size()), row.option);
    namespaces.push_back({row.type, TRY(joined_path(c, row, choice))});
  }
  return {};
}

Result<> compose_names(const Composing& c) {
  if (!is_own(c.options.uts)) {
    for (const std::string_view option : {"hostname", "domainname"}) {
      const bool given = !(option == "hostname" ? c.options.hostname : c.options.domainname).empty();
      if (given) {
        return fail(complaint(fmt::format("{} and {} exclude each other: it would change the name of others too",
                                          c.typed(option), c.typed("uts"))));
      }
    }
    return {};
  }
  c.config().hostname = container_hostname(c.options, c.around);
  c.config().domainname = c.options.domainname;
  c.origin("hostname", "hostname");
  c.origin("domainname", "domainname");
  return {};
}

void compose_hidden_paths(const Composing& c) {
  const SecurityChoice& security = c.options.security;
  std::vector<std::string>& masked = c.config().linux_.masked_paths;
  std::vector<std::string>& readonly = c.config().linux_.readonly_paths;
  if (!c.options.privileged) {
    masked = default_masked_paths(c.around.cpus);
    readonly = default_readonly_paths();
    std::erase_if(masked, [&](const std::string& path) { return is_unmasked(security, path); });
    std::erase_if(readonly, [&](const std::string& path) { return is_unmasked(security, path); });
  }
  for (const std::string& path : security.masked) {
    c.origin(fmt::format("linux.maskedPaths[{}]", masked.size()), "security-opt");
    masked.push_back(path);
  }
}

Result<> compose_sysctls(const Composing& c) {
  for (const Sysctl& sysctl : c.options.sysctls) {
    const std::string name = dotted(sysctl.name);
    if (!is_parameter(name)) return fail(in(sysctl.typed, complaint("not the name of a kernel parameter")));
    const std::optional<NamespaceType> type = namespace_of(name);
    if (!type) {
      return fail(
          in(sysctl.typed,
             complaint(fmt::format("'{}' belongs to no namespace: setting it would change the whole host", name),
                       "what a container has of its own: net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm*")));
    }
    const NamespaceRow& row = row_of(*type);
    if (!is_own(c.options.*row.choice)) {
      return fail(in(sysctl.typed, complaint(fmt::format("it would change the namespace of others, because of {}",
                                                         c.typed(row.option)))));
    }
    c.config().linux_.sysctl[name] = sysctl.value;
    c.out.origins["linux.sysctl." + name] = sysctl.typed;
  }
  return {};
}

}  // namespace caisson::engine
