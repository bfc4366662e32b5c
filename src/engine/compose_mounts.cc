// The root filesystem and what is mounted in it.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/compose_mount_parts.h"
#include "engine/compose_topics.h"
#include "engine/defaults.h"
#include "engine/mount_words.h"

namespace caisson::engine {

namespace {

// overlayfs takes its options from one string, where these have a meaning of their own.
std::string overlay_path(std::string_view path, std::string_view special) {
  std::string escaped;
  for (const char c : path) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

bool is_propagation(std::string_view word) {
  return std::find(kPropagationWords.begin(), kPropagationWords.end(), word) != kPropagationWords.end();
}

}  // namespace

spec::Mount mount_of(std::string destination, std::string type, std::string source, std::vector<std::string> options) {
  return {.destination = std::move(destination),
          .type = std::move(type),
          .source = std::move(source),
          .options = std::move(options),
          .uid_mappings = {},
          .gid_mappings = {}};
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void make_private_by_default(std::vector<std::string>& options) {
  if (std::none_of(options.begin(), options.end(), is_propagation)) options.emplace_back("rprivate");
}

std::vector<std::string> with_owners(const Composing& c, std::vector<std::string> options, std::string_view word) {
  if (c.user_namespace().shifted) options.emplace_back(word);
  return options;
}

std::vector<std::string> overlay_options(const std::vector<std::string>& lower, const std::string& upper,
                                         const std::string& work, bool thrown_away) {
  std::vector<std::string> layers;
  for (const std::string& layer : lower) layers.push_back(overlay_path(layer, "\\,:"));
  std::vector<std::string> options = {"lowerdir=" + join(layers, ":")};
  if (upper.empty()) return options;
  options.push_back("upperdir=" + overlay_path(upper, "\\,"));
  options.push_back("workdir=" + overlay_path(work, "\\,"));
  if (thrown_away) options.emplace_back("volatile");
  return options;
}

spec::Mount overlay_mount(const Composing& c, const MountChoice& choice, const std::vector<std::string>& lower,
                          std::size_t number) {
  const std::string own = fmt::format("{}/overlays/{}", c.around.directory, number);
  std::vector<std::string> options = overlay_options(lower, own + "/upper", own + "/work", c.options.remove);
  options.insert(options.end(), choice.options.begin(), choice.options.end());
  if (c.user_namespace().own) options.emplace_back("userxattr");
  make_private_by_default(options);
  c.out.directories.push_back(own + "/upper");
  c.out.directories.push_back(own + "/work");
  return mount_of(choice.destination, "overlay", "overlay", std::move(options));
}

MountRecord recorded(const MountChoice& choice, const spec::Mount& mount, std::string type) {
  MountRecord record{.type = std::move(type), .destination = mount.destination, .options = choice.options};
  record.writable = !has(choice.options, "ro") && !has(choice.options, "rro");
  const auto propagation = std::find_if(mount.options.begin(), mount.options.end(), is_propagation);
  if (mount.type == "bind" && propagation != mount.options.end()) record.propagation = *propagation;
  if (mount.type == "bind") record.source = mount.source;
  return record;
}

namespace {

// --- what every container has ------------------------------------------------------------------------------------

Result<> add_shared_memory(const Composing& c, Entries& entries) {
  const NamespaceKind ipc = c.options.ipc.kind;
  const bool own = ipc == NamespaceKind::kPrivate || ipc == NamespaceKind::kShareable || ipc == NamespaceKind::kPath;
  if (!own && c.options.shm_size_bytes) {
    return fail(complaint(fmt::format("{} and {} exclude each other: this container has no /dev/shm of its own",
                                      c.typed("shm-size"), c.typed("ipc"))));
  }
  if (ipc == NamespaceKind::kNone) return {};
  const std::string shared = ipc == NamespaceKind::kHost ? "/dev/shm" : c.around.shm_directory;
  if (!own && !shared.empty()) {
    entries.push_back(
        {mount_of("/dev/shm", "bind", shared, {"rbind", "nosuid", "noexec", "nodev", "rprivate"}), c.typed("ipc")});
    return {};
  }
  if (!own) {
    c.out.warnings.push_back(
        fmt::format("{}: System V IPC and message queues are shared, /dev/shm is not", c.typed("ipc")));
  }
  const std::string size = c.options.shm_size_bytes ? fmt::format("size={}", *c.options.shm_size_bytes)
                                                    : fmt::format("size={}k", kDefaultShmBytes / 1024);
  const auto typed = c.options.typed.find("shm-size");
  entries.push_back({mount_of("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", size}),
                     typed == c.options.typed.end() ? std::string() : typed->second});
  return {};
}

std::vector<std::string> terminal_options(const Composing& c) {
  constexpr std::uint32_t kTerminalGroup = 5;  // tty, where distributions agree
  std::vector<std::string> options = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
  if (c.user_namespace().has_group(kTerminalGroup)) options.push_back(fmt::format("gid={}", kTerminalGroup));
  return options;
}

Result<Entries> default_mounts(const Composing& c) {
  const std::string access = c.options.privileged ? "rw" : "ro";
  Entries entries = {
      {mount_of("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}), {}},
      {mount_of("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}), {}},
      {mount_of("/dev/pts", "devpts", "devpts", terminal_options(c)), {}},
      {mount_of("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access}), {}},
  };
  if (c.around.facts.cgroup_mode != CgroupMode::kNone) {
    // On v2 an init system makes cgroups below its own; of v1's hierarchies it writes to one alone (plan::Request).
    const std::string own = c.out.is_system && c.around.facts.cgroup_mode == CgroupMode::kV2 ? "rw" : access;
    entries.push_back(
        {mount_of("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", own, "rprivate"}),
         {}});
  }
  if (c.around.facts.has_filesystem("mqueue")) {
    entries.push_back({mount_of("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}), {}});
  }
  TRY(add_shared_memory(c, entries));
  return entries;
}

// --- what this container has -------------------------------------------------------------------------------------

void add_generated_files(const Composing& c, Entries& entries) {
  const std::vector<std::string> writable = {"bind", "nosuid", "noexec", "nodev", "rprivate"};
  const std::vector<std::string> read_only = {"bind", "ro", "nosuid", "noexec", "nodev", "rprivate"};
  const auto add = [&](const std::string& source, const std::string& destination,
                       const std::vector<std::string>& flags) {
    if (source.empty()) return;
    const auto mount_at = [&](std::string path) {
      return mount_of(std::move(path), "bind", source, with_owners(c, flags, "idmap"));
    };
    entries.push_back({mount_at(destination), {}});
    for (const std::string& top : c.options.chroot_directories)
      entries.push_back({mount_at(top + destination), c.typed("chrootdirs")});
  };
  add(c.around.hosts_file, "/etc/hosts", writable);
  add(c.around.resolv_conf_file, "/etc/resolv.conf", writable);
  add(c.around.hostname_file, "/etc/hostname", writable);
  add(c.around.passwd_file, "/etc/passwd", read_only);  // it may be the user's own file, who is not to become another
  if (c.around.timezone_file.empty()) return;
  entries.push_back({mount_of("/etc/localtime", "bind", c.around.timezone_file, read_only), c.typed("tz")});
}

// The files are written there before each start (secrets.h).
Result<> add_secrets(const Composing& c, const Entries& chosen, Entries& entries) {
  for (std::size_t i = 0; i < c.options.secrets.size(); ++i) {
    const SecretChoice& secret = c.options.secrets[i];
    if (secret.is_variable) continue;
    const auto same = [&](const Entry& entry) { return entry.mount.destination == secret.target; };
    const auto taken = std::find_if(chosen.begin(), chosen.end(), same);
    const auto twice = std::find_if(entries.begin(), entries.end(), same);
    if (taken != chosen.end() || (twice != entries.end() && !twice->typed.empty())) {
      return fail(complaint(fmt::format("{} and {} are mounted at the same place",
                                        taken != chosen.end() ? taken->typed : twice->typed, secret.typed)));
    }
    entries.push_back({mount_of(secret.target, "bind", fmt::format("{}/secrets/{}", c.around.live_directory, i),
                                with_owners(c, {"bind", "ro", "nosuid", "noexec", "nodev", "rprivate"}, "idmap")),
                       secret.typed});
  }
  return {};
}

void add_init(const Composing& c, Entries& entries) {
  if (!c.options.init) return;
  entries.push_back(
      {mount_of(std::string(kInitPath), "bind", c.around.init_program, {"bind", "ro", "nosuid", "nodev", "rprivate"}),
       c.typed("init")});
}

void add_writable_paths(const Composing& c, Entries& entries) {
  if (!c.options.read_only || !c.options.read_only_tmpfs) return;
  for (const std::string_view path : kWritablePaths) {
    entries.push_back(
        {mount_of(std::string(path), "tmpfs", "tmpfs", {"rw", "nosuid", "nodev", "rprivate"}), c.typed("read-only")});
  }
}

spec::Mount tmpfs_mount(const Composing& c, const MountChoice& choice) {
  std::vector<std::string> options = choice.options;
  constexpr std::array<std::array<std::string_view, 2>, 3> kDefaults = {
      {{"nosuid", "suid"}, {"nodev", "dev"}, {"noexec", "exec"}}};
  for (const auto& [word, opposite] : kDefaults) {
    if (!has(options, word) && !has(options, opposite)) options.emplace_back(word);
  }
  if (choice.change_owner) {
    options.push_back(fmt::format("uid={}", c.around.account.uid));
    options.push_back(fmt::format("gid={}", c.around.account.gid));
  }
  make_private_by_default(options);
  return mount_of(choice.destination, "tmpfs", "tmpfs", std::move(options));
}

// A relative source is the caller's. Its text stays as it is: only the kernel can say where a ".." behind a link leads.
std::string absolute_source(const Composing& c, const std::string& source) {
  if (source.starts_with('/')) return source;
  const std::string& base = c.around.working_directory;
  return fmt::format("{}{}{}", base, base.ends_with('/') ? "" : "/", source);
}

spec::Mount bind_mount(const MountChoice& choice, std::string source) {
  std::vector<std::string> options = {choice.recursive ? "rbind" : "bind"};
  options.insert(options.end(), choice.options.begin(), choice.options.end());
  make_private_by_default(options);
  return mount_of(choice.destination, "bind", std::move(source), std::move(options));
}

Result<> check_owners(const Composing& c, const MountChoice& choice) {
  const UserNamespace& ids = c.user_namespace();
  const bool maps_owners = has(choice.options, "idmap") || has(choice.options, "ridmap");
  const bool own_maps = std::any_of(choice.options.begin(), choice.options.end(), [](const std::string& word) {
    return word.starts_with("idmap=") || word.starts_with("ridmap=");
  });
  if (own_maps && c.around.facts.is_ordinary_user())
    return fail(in(choice.typed, complaint("only root can show a mount's files with owners of its own")));
  if (maps_owners && !ids.shifted) {
    return fail(in(choice.typed, complaint("owners can be mapped by root alone, to a user namespace of the container's",
                                           "as root, with --userns=auto or --uidmap")));
  }
  if (choice.kind != MountKind::kOverlay && !choice.overlay) return {};
  if (maps_owners) return fail(in(choice.typed, complaint("an overlay cannot have its owners mapped")));
  if (ids.shifted || ids.automatic) {
    return fail(
        in(choice.typed, complaint("overlays over directories of the host are not there yet in a user namespace "
                                   "with ids of its own",
                                   "bind it read-only, or copy it")));
  }
  return {};
}

}  // namespace

Result<spec::Mount> host_mount(const Composing& c, const MountChoice& choice, std::size_t number) {
  const std::string source = absolute_source(c, choice.source);
  if (choice.relabel && c.around.facts.selinux) {
    c.out.warnings.push_back(
        fmt::format("{}: SELinux labels are not there yet, so '{}' keeps its own", choice.typed, source));
  }
  if (choice.change_owner) c.out.owners.push_back({source, c.around.account.uid, c.around.account.gid});
  const bool overlay = choice.kind == MountKind::kOverlay;
  spec::Mount mount = overlay ? overlay_mount(c, choice, {source}, number) : bind_mount(choice, source);
  MountRecord record = recorded(choice, mount, "bind");
  record.source = source;
  if (overlay) record.options.emplace_back("O");
  c.out.mounts.push_back(std::move(record));
  return mount;
}

namespace {

Result<spec::Mount> chosen_mount(const Composing& c, const MountChoice& choice, std::size_t number) {
  if (choice.kind != MountKind::kTmpfs) TRY(check_owners(c, choice));
  switch (choice.kind) {
    case MountKind::kTmpfs: {
      spec::Mount mount = tmpfs_mount(c, choice);
      c.out.mounts.push_back(recorded(choice, mount, "tmpfs"));
      return mount;
    }
    case MountKind::kBind:
    case MountKind::kOverlay: return host_mount(c, choice, number);
    case MountKind::kVolume: return volume_mount(c, choice, number);
    case MountKind::kImage: return image_mount(c, choice, number);
  }
  return fail(complaint("no such kind of mount"));
}

Result<Entries> chosen_mounts(const Composing& c) {
  Entries entries;
  std::map<std::string, std::string> taken;
  for (const MountChoice& choice : c.options.mounts) {
    const auto [earlier, first] = taken.emplace(choice.destination, choice.typed);
    if (!first) {
      return fail(complaint(fmt::format("{} and {} are mounted at the same place", earlier->second, choice.typed)));
    }
    entries.push_back({TRY(chosen_mount(c, choice, entries.size())), choice.typed});
  }
  return entries;
}

// --- together ----------------------------------------------------------------------------------------------------

// The user's mount takes the place of one that would have been made; a /dev, /proc or /sys of the user's, of all below
// it.
void remove_replaced(Entries& entries, const Entries& chosen) {
  const auto replaced = [&](const Entry& entry) {
    return std::any_of(chosen.begin(), chosen.end(), [&](const Entry& user) {
      const std::string& mine = entry.mount.destination;
      const std::string& theirs = user.mount.destination;
      const bool whole = theirs == "/dev" || theirs == "/proc" || theirs == "/sys";
      return mine == theirs || (whole && mine.starts_with(theirs + "/"));
    });
  };
  std::erase_if(entries, replaced);
}

std::ptrdiff_t depth(const Entry& entry) {
  return std::count(entry.mount.destination.begin(), entry.mount.destination.end(), '/');
}

// A bind mount that passes new mounts on needs a root that does.
void set_propagation(const Composing& c) {
  std::string& propagation = c.config().linux_.rootfs_propagation;
  for (const spec::Mount& mount : c.config().mounts) {
    if (has(mount.options, "shared") || has(mount.options, "rshared")) propagation = "shared";
    if (propagation.empty() && (has(mount.options, "slave") || has(mount.options, "rslave"))) propagation = "rslave";
  }
}

}  // namespace

Result<> compose_root(const Composing& c) {
  const RootFilesystem& root = c.around.rootfs;
  c.config().root = {.path = root.path, .readonly = c.options.read_only};
  c.origin("root.readonly", "read-only");
  if (!root.lower.empty()) {
    c.config().mounts.push_back(
        mount_of("/", "overlay", "overlay",
                 with_owners(c, overlay_options(root.lower, root.upper, root.work, c.options.remove), "idmap")));
  } else if (c.user_namespace().shifted) {
    c.config().mounts.push_back(mount_of("/", "bind", root.path, {"rbind", "ridmap"}));
  }
  return {};
}

Result<> compose_mounts(const Composing& c) {
  Entries entries = TRY(default_mounts(c));
  Entries chosen = TRY(chosen_mounts(c));
  Entries inherited = TRY(inherited_mounts(c, chosen));
  chosen.insert(chosen.end(), inherited.begin(), inherited.end());
  Entries more = TRY(image_volume_mounts(c, chosen));
  add_generated_files(c, more);
  TRY(add_secrets(c, chosen, more));
  add_init(c, more);
  add_writable_paths(c, more);
  add_system_mounts(c, more);
  remove_replaced(entries, chosen);
  remove_replaced(more, chosen);

  // What is nearer to the root comes first, or it would hide what is below.
  more.insert(more.end(), chosen.begin(), chosen.end());
  std::stable_sort(more.begin(), more.end(), [](const Entry& a, const Entry& b) { return depth(a) < depth(b); });
  entries.insert(entries.end(), more.begin(), more.end());

  for (Entry& entry : entries) {
    if (!entry.typed.empty()) c.out.origins[fmt::format("mounts[{}]", c.config().mounts.size())] = entry.typed;
    c.config().mounts.push_back(std::move(entry.mount));
  }
  set_propagation(c);
  return {};
}

}  // namespace caisson::engine
