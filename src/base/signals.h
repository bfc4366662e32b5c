// Names of signals (signal(7)), as people and docker write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson {

/// The number of "15", "TERM", "SIGTERM", "sigterm", "RTMIN+3" or "SIGRTMAX-1"; nothing for anything else, and for 0.
std::optional<int> parse_signal(std::string_view text);

/// "SIGTERM" of 15, "SIGRTMIN+3" of 37; "signal 32" of a number without a name.
std::string signal_name(int number);

}  // namespace caisson
