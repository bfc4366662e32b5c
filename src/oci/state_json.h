// A container's state as callers read it.
#pragma once

#include <string>

#include "runtime/state.h"

namespace caisson::oci {

/// runtime.md "State", and runc's rootfs, created, owner: indented by `indent` spaces, without a newline at the end.
std::string state_json(const runtime::Container& container, std::string_view owner, int indent);

/// The name of the user `uid`, or its number.
std::string owner_name(std::uint32_t uid);

}  // namespace caisson::oci
