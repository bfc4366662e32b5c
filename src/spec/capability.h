// Capability names and numbers (capabilities(7)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::spec {

/// The number of "CAP_CHOWN", "cap_chown" or "chown"; nothing for a name that no kernel has.
std::optional<int> capability_number(std::string_view name);

/// "CAP_CHOWN" of 0; "CAP_41" of a number that has no name yet.
std::string capability_name(int number);

/// The names of the bits of `mask`, in the order of their numbers.
std::vector<std::string> capability_names(std::uint64_t mask);

/// All names there are, in the order of their numbers.
const std::vector<std::string_view>& known_capabilities();

/// The mask with every capability that has a name.
std::uint64_t all_capabilities();

constexpr std::uint64_t capability_bit(int number) { return std::uint64_t{1} << number; }

}  // namespace caisson::spec
