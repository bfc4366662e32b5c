// Kubernetes' quantities: "500m", "1.5", "64Mi", "1e3". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::kube {

/// In thousandths, rounded up; nothing for what is none, is negative, or does not fit.
std::optional<std::int64_t> parse_quantity(std::string_view text);

/// What resourceFieldRef gives: `thousandths` in units of the divisor, rounded up.
std::string in_units(std::int64_t thousandths, std::int64_t divisor_thousandths);

}  // namespace caisson::kube
