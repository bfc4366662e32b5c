// Device rules → a program for the kernel's BPF machine, which is how cgroup v2 decides about devices. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/config.h"

namespace caisson::cgroup {

/// A program of type BPF_PROG_TYPE_CGROUP_DEVICE that decides as `rules` do (include/uapi/linux/bpf.h): two numbers an
/// instruction, the low half of struct bpf_insn first. Empty if the rules allow everything: then no program is needed.
///
/// The rules are taken in their order: about each kind of access (read, write, make a node) that a device is opened
/// for, the last rule that names the device and the access decides; where none does, it is allowed. They have been
/// validated.
std::vector<std::uint32_t> device_program(const std::vector<spec::DeviceRule>& rules);

/// A rule as people write it: "allow c 1:3 rwm", "deny all".
std::string words(const spec::DeviceRule& rule);

/// True for a rule about every device and every access: "allow a" or "deny a".
bool is_switch(const spec::DeviceRule& rule);

}  // namespace caisson::cgroup
