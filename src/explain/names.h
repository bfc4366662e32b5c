// The kernel's numbers by the names that its man pages have, and by the words that people use.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/step.h"
#include "spec/kernel_names.h"

namespace caisson::explain {

/// CLONE_NEW… flags in words, in the kernel's usual order: "pid", "mount", "network".
std::vector<std::string> namespace_words(std::uint64_t flags);

/// Flags as C has them: "CLONE_NEWPID|CLONE_NEWNS", "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID", "MS_REC|MS_PRIVATE",
/// "O_WRONLY|O_PATH". Bits without a name are added as a number; no flags at all are "0".
std::string clone_flag_names(std::uint64_t flags);
std::string mount_attribute_names(std::uint64_t attributes);
std::string propagation_names(std::uint64_t flags);
std::string open_flag_names(int flags);

/// MOUNT_ATTR_… as mount(8) options: "ro", "nosuid"; of attributes that are taken off: "rw", "suid".
std::vector<std::string> mount_attribute_words(std::uint64_t set);
std::vector<std::string> cleared_attribute_words(std::uint64_t clear);

/// "RLIMIT_NOFILE"; "RLIMIT_99" for one without a name.
std::string limit_name(int which);

/// The value of a resource limit: "1024", "unlimited".
std::string limit_value(std::uint64_t value);

/// "ENOENT"; "errno 4711" for one without a name.
std::string errno_name(int number);

/// "CAP_CHOWN, CAP_KILL" as "chown, kill".
std::vector<std::string> capability_words(std::uint64_t mask);

/// SECCOMP_FILTER_FLAG_… flags as C has them.
std::string filter_flag_names(std::uint32_t flags);

/// A number by its name in the kernel's headers, or as it is; flags as C has them, none as nothing.
std::string known_name(std::span<const spec::KernelName> names, std::uint32_t number);
std::string known_flags(std::span<const spec::KernelName> names, std::uint64_t flags);

/// The bits of words of 32 as a list: "0-3,5".
std::string number_list(std::span<const std::uint32_t> words);

/// LANDLOCK_ACCESS_FS_… bits: "read, write".
std::string file_right_words(std::uint32_t rights);

/// Where a label is written; `own`: AppArmor's own file, which others do not share.
std::string_view label_file(plan::Label label, bool own);

/// The profile that a value for AppArmor's file names: "exec NAME".
std::string_view profile_name(std::string_view value);

std::string_view tag_name(plan::Tag tag);     ///< "prepared"
std::string_view lane_name(plan::Lane lane);  ///< "parent"
std::string_view undo_name(plan::Undo undo);  ///< "remove"
char lane_letter(plan::Lane lane);            ///< 'P', 'L' or 'C'

/// The name of a step's kind: "Mount".
std::string_view kind_name(const plan::Action& action);

/// The names of the attributes: "no new privileges".
std::string_view attribute_name(plan::Attribute attribute);

}  // namespace caisson::explain
