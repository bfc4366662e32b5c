// A container's state as callers read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/state.h"

namespace caisson::oci {

enum class JsonForm : std::uint8_t {
  kLine,   ///< all on one
  kLines,  ///< one a field, indented by two spaces
};
/// runtime.md "State", and runc's rootfs, created, owner; without a newline at the end.
std::string state_json(const runtime::Container& container, std::string_view owner, JsonForm form);

/// The name of the user `uid`, or its number.
std::string owner_name(std::uint32_t uid);

}  // namespace caisson::oci
