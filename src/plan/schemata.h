// The schemata of a resctrl group (Documentation/filesystems/resctrl.rst): lines "L3:0=ff;1=f". Nothing allocates.
#pragma once

#include <string_view>

namespace caisson::plan {

/// Whether the lines of `existing`, which is what the group's file has, say everything that the lines of `wanted` say:
/// the same value for each of its domains. Masks are compared as numbers: "0ff" is "FF".
bool schemata_agree(std::string_view existing, std::string_view wanted);

}  // namespace caisson::plan
