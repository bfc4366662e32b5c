// Lists of processors and of memory nodes: "0-3,5".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace caisson::spec {

inline constexpr std::uint32_t kMostCpus = 8192;   ///< NR_CPUS of the largest kernels
inline constexpr std::uint32_t kMostNodes = 1024;  ///< MAX_NUMNODES

/// The numbers of `list` as bits of words of 32, as far as the highest one; spaces and empty entries are passed over.
/// Nothing if it is not such a list, or has a number that is not below `end`.
std::optional<std::vector<std::uint32_t>> parse_number_list(std::string_view list, std::uint32_t end);

}  // namespace caisson::spec
