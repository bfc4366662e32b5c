#include "explain/names.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "spec/capability.h"
#include "spec/landlock.h"

namespace caisson::explain {

namespace {

struct Flag {
  std::uint64_t bit;
  std::string_view name;
  std::string_view word;          // what setting it is called
  std::string_view cleared = {};  // what taking it off is called
};

constexpr std::array kCloneFlags = {
    Flag{CLONE_NEWPID, "CLONE_NEWPID", "pid"},
    Flag{CLONE_NEWNS, "CLONE_NEWNS", "mount"},
    Flag{CLONE_NEWNET, "CLONE_NEWNET", "network"},
    Flag{CLONE_NEWUTS, "CLONE_NEWUTS", "uts"},
    Flag{CLONE_NEWIPC, "CLONE_NEWIPC", "ipc"},
    Flag{CLONE_NEWUSER, "CLONE_NEWUSER", "user"},
    Flag{CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "cgroup"},
    Flag{0x80, "CLONE_NEWTIME", "time"},
    Flag{CLONE_PARENT, "CLONE_PARENT", ""},
};

// The access time is a field of three bits, of which 0 is relatime.
constexpr std::array kMountAttributes = {
    Flag{MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY", "ro", "rw"},
    Flag{MOUNT_ATTR_NOSUID, "MOUNT_ATTR_NOSUID", "nosuid", "suid"},
    Flag{MOUNT_ATTR_NODEV, "MOUNT_ATTR_NODEV", "nodev", "dev"},
    Flag{MOUNT_ATTR_NOEXEC, "MOUNT_ATTR_NOEXEC", "noexec", "exec"},
    Flag{MOUNT_ATTR_NOATIME, "MOUNT_ATTR_NOATIME", "noatime"},
    Flag{MOUNT_ATTR_STRICTATIME, "MOUNT_ATTR_STRICTATIME", "strictatime"},
    Flag{MOUNT_ATTR_NODIRATIME, "MOUNT_ATTR_NODIRATIME", "nodiratime", "diratime"},
    Flag{MOUNT_ATTR_IDMAP, "MOUNT_ATTR_IDMAP", "idmap"},
    Flag{MOUNT_ATTR_NOSYMFOLLOW, "MOUNT_ATTR_NOSYMFOLLOW", "nosymfollow", "symfollow"},
};

constexpr std::array kFilterFlags = {
    Flag{SECCOMP_FILTER_FLAG_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC", ""},
    Flag{SECCOMP_FILTER_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG", ""},
    Flag{SECCOMP_FILTER_FLAG_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW", ""},
    Flag{SECCOMP_FILTER_FLAG_NEW_LISTENER, "SECCOMP_FILTER_FLAG_NEW_LISTENER", ""},
    Flag{SECCOMP_FILTER_FLAG_TSYNC_ESRCH, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH", ""},
    Flag{SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", ""},
};

// mount(2)'s bits by number: its header would bring the calls into a room that has none.
constexpr std::array kPropagation = {
    Flag{1U << 14, "MS_REC", ""},
    Flag{1U << 17, "MS_UNBINDABLE", "unbindable"},
    Flag{1U << 18, "MS_PRIVATE", "private"},
    Flag{1U << 19, "MS_SLAVE", "slave"},
    Flag{1U << 20, "MS_SHARED", "shared"},
};

constexpr std::array kOpenFlags = {
    Flag{O_CREAT, "O_CREAT", ""},         Flag{O_EXCL, "O_EXCL", ""},         Flag{O_NOCTTY, "O_NOCTTY", ""},
    Flag{O_TRUNC, "O_TRUNC", ""},         Flag{O_APPEND, "O_APPEND", ""},     Flag{O_NONBLOCK, "O_NONBLOCK", ""},
    Flag{O_DIRECTORY, "O_DIRECTORY", ""}, Flag{O_NOFOLLOW, "O_NOFOLLOW", ""}, Flag{O_CLOEXEC, "O_CLOEXEC", ""},
    Flag{O_PATH, "O_PATH", ""},
};

struct Limit {
  int number;
  std::string_view name;
};
constexpr std::array kLimits = {
    Limit{RLIMIT_AS, "RLIMIT_AS"},
    Limit{RLIMIT_CORE, "RLIMIT_CORE"},
    Limit{RLIMIT_CPU, "RLIMIT_CPU"},
    Limit{RLIMIT_DATA, "RLIMIT_DATA"},
    Limit{RLIMIT_FSIZE, "RLIMIT_FSIZE"},
    Limit{RLIMIT_LOCKS, "RLIMIT_LOCKS"},
    Limit{RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"},
    Limit{RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE"},
    Limit{RLIMIT_NICE, "RLIMIT_NICE"},
    Limit{RLIMIT_NOFILE, "RLIMIT_NOFILE"},
    Limit{RLIMIT_NPROC, "RLIMIT_NPROC"},
    Limit{RLIMIT_RSS, "RLIMIT_RSS"},
    Limit{RLIMIT_RTPRIO, "RLIMIT_RTPRIO"},
    Limit{RLIMIT_RTTIME, "RLIMIT_RTTIME"},
    Limit{RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING"},
    Limit{RLIMIT_STACK, "RLIMIT_STACK"},
};

std::string flag_names(std::uint64_t flags, std::span<const Flag> table) {
  std::vector<std::string> names;
  for (const Flag& flag : table) {
    if ((flags & flag.bit) == flag.bit) names.emplace_back(flag.name);
    if ((flags & flag.bit) == flag.bit) flags &= ~flag.bit;
  }
  if (flags != 0 || names.empty()) names.push_back(flags == 0 ? "0" : fmt::format("{:#x}", flags));
  return join(names, "|");
}

std::vector<std::string> flag_words(std::uint64_t flags, std::span<const Flag> table, std::string_view Flag::* word) {
  std::vector<std::string> words;
  for (const Flag& flag : table) {
    if ((flags & flag.bit) == flag.bit && !(flag.*word).empty()) words.emplace_back(flag.*word);
  }
  return words;
}

constexpr std::array<std::string_view, std::variant_size_v<plan::Action>> kKinds = {"MakeCgroup",
                                                                                    "EnableControllers",
                                                                                    "RestrictDevices",
                                                                                    "GiveCgroup",
                                                                                    "MakeMountSource",
                                                                                    "WriteFile",
                                                                                    "MapIds",
                                                                                    "IdMapTree",
                                                                                    "MakeUserNamespace",
                                                                                    "MoveNetworkDevice",
                                                                                    "JoinResctrlGroup",
                                                                                    "Spawn",
                                                                                    "Await",
                                                                                    "AwaitStart",
                                                                                    "Signal",
                                                                                    "SendDescriptor",
                                                                                    "ReceiveDescriptor",
                                                                                    "RunHook",
                                                                                    "AskSystemd",
                                                                                    "OpenFile",
                                                                                    "JoinNamespace",
                                                                                    "AttachCgroup",
                                                                                    "Unshare",
                                                                                    "MakeTimeNamespace",
                                                                                    "BringUpLoopback",
                                                                                    "SetHostname",
                                                                                    "OpenTree",
                                                                                    "SetPropagation",
                                                                                    "MountRoot",
                                                                                    "MountOverlayRoot",
                                                                                    "Mount",
                                                                                    "MakeDevice",
                                                                                    "BindDevice",
                                                                                    "MakeLink",
                                                                                    "Pivot",
                                                                                    "ChangeRoot",
                                                                                    "Mask",
                                                                                    "MakeReadOnly",
                                                                                    "SetAttribute",
                                                                                    "SetAffinity",
                                                                                    "SetScheduler",
                                                                                    "SetMemoryPolicy",
                                                                                    "SetLabel",
                                                                                    "FindHome",
                                                                                    "RestrictFiles",
                                                                                    "ConnectStreams",
                                                                                    "Console",
                                                                                    "SetIds",
                                                                                    "ChangeDirectory",
                                                                                    "CloseDescriptors",
                                                                                    "LoadFilter",
                                                                                    "SendListener",
                                                                                    "FindProgram",
                                                                                    "Exec"};

// The table follows the variant: its ends and two in the middle say that nothing has moved.
template <class T>
constexpr std::string_view kind_of() {
  return kKinds[plan::Action(T{}).index()];
}
static_assert(kind_of<plan::MakeCgroup>() == "MakeCgroup" && kind_of<plan::JoinNamespace>() == "JoinNamespace" &&
              kind_of<plan::Mount>() == "Mount" && kind_of<plan::SetLabel>() == "SetLabel" &&
              kind_of<plan::Exec>() == "Exec");

}  // namespace

std::vector<std::string> namespace_words(std::uint64_t flags) { return flag_words(flags, kCloneFlags, &Flag::word); }

std::string clone_flag_names(std::uint64_t flags) { return flag_names(flags, kCloneFlags); }
std::string mount_attribute_names(std::uint64_t attributes) { return flag_names(attributes, kMountAttributes); }
std::string propagation_names(std::uint64_t flags) { return flag_names(flags, kPropagation); }

std::string filter_flag_names(std::uint32_t flags) { return flag_names(flags, kFilterFlags); }

std::string known_name(std::span<const spec::KernelName> names, std::uint32_t number) {
  const std::string_view name = spec::name_of(names, number);
  return name.empty() ? fmt::format("{}", number) : std::string(name);
}

std::string known_flags(std::span<const spec::KernelName> names, std::uint64_t flags) {
  std::vector<std::string> words;
  for (const spec::KernelName& entry : names) {
    if ((flags & entry.number) != 0) words.emplace_back(entry.name);
    flags &= ~std::uint64_t{entry.number};
  }
  if (flags != 0) words.push_back(fmt::format("{:#x}", flags));
  return join(words, "|");
}

std::string number_list(std::span<const std::uint32_t> words) {
  std::vector<std::string> ranges;
  const auto has = [&](std::size_t number) {
    return number / 32 < words.size() && (words[number / 32] >> (number % 32) & 1U) != 0;
  };
  for (std::size_t first = 0; first < words.size() * 32; ++first) {
    if (!has(first)) continue;
    std::size_t last = first;
    while (has(last + 1)) ++last;
    ranges.push_back(first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last));
    first = last;
  }
  return join(ranges, ",");
}

std::string file_right_words(std::uint32_t rights) {
  std::vector<std::string> words;
  if ((rights & spec::kLandlockRead) == spec::kLandlockRead) words.emplace_back("read");
  if ((rights & spec::kLandlockExecute) == spec::kLandlockExecute) words.emplace_back("execute");
  if ((rights & spec::kLandlockWrite) == spec::kLandlockWrite) words.emplace_back("write");
  return words.empty() ? fmt::format("{:#x}", rights) : join(words, ", ");
}

std::string_view profile_name(std::string_view value) {
  if (value.starts_with("exec ")) value.remove_prefix(5);
  return value;
}

std::string_view label_file(plan::Label label, bool own) {
  switch (label) {
    case plan::Label::kAppArmor: return own ? "/proc/thread-self/attr/apparmor/exec" : "/proc/thread-self/attr/exec";
    case plan::Label::kSelinux: return "/proc/thread-self/attr/exec";
    case plan::Label::kSelinuxKeys: return "/proc/thread-self/attr/keycreate";
  }
  return "";
}

std::string open_flag_names(int flags) {
  const int access = flags & O_ACCMODE;
  const std::string_view first = access == O_WRONLY ? "O_WRONLY" : access == O_RDWR ? "O_RDWR" : "O_RDONLY";
  const int others = flags & ~O_ACCMODE;
  if (others == 0) return std::string(first);
  const std::string names = flag_names(static_cast<std::uint64_t>(others), kOpenFlags);
  return (others & O_PATH) != 0 ? names : fmt::format("{}|{}", first, names);
}

std::vector<std::string> mount_attribute_words(std::uint64_t set) {
  return flag_words(set, kMountAttributes, &Flag::word);
}

std::vector<std::string> cleared_attribute_words(std::uint64_t clear) {
  return flag_words(clear, kMountAttributes, &Flag::cleared);
}

std::string limit_name(int which) {
  for (const Limit& limit : kLimits) {
    if (limit.number == which) return std::string(limit.name);
  }
  return fmt::format("RLIMIT_{}", which);
}

std::string limit_value(std::uint64_t value) { return value == RLIM_INFINITY ? "unlimited" : fmt::format("{}", value); }

std::string errno_name(int number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? name : fmt::format("errno {}", number);
}

std::vector<std::string> capability_words(std::uint64_t mask) {
  std::vector<std::string> words = spec::capability_names(mask);
  for (std::string& word : words) {
    word.erase(0, std::strlen("CAP_"));
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return words;
}

std::string_view tag_name(plan::Tag tag) {
  switch (tag) {
    case plan::Tag::kPrepared: return "prepared";
    case plan::Tag::kMounted: return "mounted";
    case plan::Tag::kHooked: return "hooked";
    case plan::Tag::kReady: return "ready";
    case plan::Tag::kStart: return "start";
    case plan::Tag::kDescriptor: return "descriptor";
    case plan::Tag::kFailed: return "failed";
    case plan::Tag::kGone: return "gone";
  }
  return "";
}

std::string_view lane_name(plan::Lane lane) {
  switch (lane) {
    case plan::Lane::kParent: return "parent";
    case plan::Lane::kLauncher: return "launcher";
    case plan::Lane::kChild: return "child";
  }
  return "";
}

char lane_letter(plan::Lane lane) {
  switch (lane) {
    case plan::Lane::kParent: return 'P';
    case plan::Lane::kLauncher: return 'L';
    case plan::Lane::kChild: return 'C';
  }
  return '?';
}

std::string_view undo_name(plan::Undo undo) {
  switch (undo) {
    case plan::Undo::kNone: return "none";
    case plan::Undo::kRemove: return "remove";
    case plan::Undo::kKill: return "kill";
    case plan::Undo::kInside: return "inside";
    case plan::Undo::kStays: return "stays";
  }
  return "";
}

std::string_view kind_name(const plan::Action& action) { return kKinds[action.index()]; }

std::string_view attribute_name(plan::Attribute attribute) {
  switch (attribute) {
    case plan::Attribute::kDeathSignal: return "death signal";
    case plan::Attribute::kNotDumpable: return "not dumpable";
    case plan::Attribute::kNewSession: return "new session";
    case plan::Attribute::kKeyring: return "session keyring";
    case plan::Attribute::kLimit: return "resource limit";
    case plan::Attribute::kUmask: return "umask";
    case plan::Attribute::kNoNewPrivileges: return "no new privileges";
    case plan::Attribute::kIoPriority: return "input and output priority";
    case plan::Attribute::kPersonality: return "personality";
  }
  return "";
}

}  // namespace caisson::explain
