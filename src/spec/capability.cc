#include "spec/capability.h"

#include <algorithm>

namespace caisson::spec {

const std::vector<std::string_view>& known_capabilities() {
  static const std::vector<std::string_view> kNames = {"CAP_CHOWN",
                                                       "CAP_DAC_OVERRIDE",
                                                       "CAP_DAC_READ_SEARCH",
                                                       "CAP_FOWNER",
                                                       "CAP_FSETID",
                                                       "CAP_KILL",
                                                       "CAP_SETGID",
                                                       "CAP_SETUID",
                                                       "CAP_SETPCAP",
                                                       "CAP_LINUX_IMMUTABLE",
                                                       "CAP_NET_BIND_SERVICE",
                                                       "CAP_NET_BROADCAST",
                                                       "CAP_NET_ADMIN",
                                                       "CAP_NET_RAW",
                                                       "CAP_IPC_LOCK",
                                                       "CAP_IPC_OWNER",
                                                       "CAP_SYS_MODULE",
                                                       "CAP_SYS_RAWIO",
                                                       "CAP_SYS_CHROOT",
                                                       "CAP_SYS_PTRACE",
                                                       "CAP_SYS_PACCT",
                                                       "CAP_SYS_ADMIN",
                                                       "CAP_SYS_BOOT",
                                                       "CAP_SYS_NICE",
                                                       "CAP_SYS_RESOURCE",
                                                       "CAP_SYS_TIME",
                                                       "CAP_SYS_TTY_CONFIG",
                                                       "CAP_MKNOD",
                                                       "CAP_LEASE",
                                                       "CAP_AUDIT_WRITE",
                                                       "CAP_AUDIT_CONTROL",
                                                       "CAP_SETFCAP",
                                                       "CAP_MAC_OVERRIDE",
                                                       "CAP_MAC_ADMIN",
                                                       "CAP_SYSLOG",
                                                       "CAP_WAKE_ALARM",
                                                       "CAP_BLOCK_SUSPEND",
                                                       "CAP_AUDIT_READ",
                                                       "CAP_PERFMON",
                                                       "CAP_BPF",
                                                       "CAP_CHECKPOINT_RESTORE"};
  return kNames;
}

std::optional<int> capability_number(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (!upper.starts_with("CAP_")) upper.insert(0, "CAP_");
  const auto& names = known_capabilities();
  const auto found = std::find(names.begin(), names.end(), upper);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

std::string capability_name(int number) {
  const auto& names = known_capabilities();
  const auto index = static_cast<std::size_t>(number);
  return index < names.size() ? std::string(names[index]) : "CAP_" + std::to_string(number);
}

std::vector<std::string> capability_names(std::uint64_t mask) {
  std::vector<std::string> names;
  for (int number = 0; number < 64; ++number) {
    if ((mask & capability_bit(number)) != 0) names.push_back(capability_name(number));
  }
  return names;
}

std::uint64_t all_capabilities() { return (std::uint64_t{1} << known_capabilities().size()) - 1; }

}  // namespace caisson::spec
