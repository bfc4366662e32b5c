// The names and numbers of system calls (data/calls.txt).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "seccomp/architecture.h"

namespace caisson::seccomp {

/// A system call, and its number on each ABI; -1 where there is none.
struct Call {
  std::string_view name;
  std::array<std::int32_t, kAbis> numbers;

  /// As a filter sees it: x32 numbers with their bit.
  std::optional<std::uint32_t> number(Abi abi) const {
    const std::int32_t number = numbers[static_cast<std::size_t>(abi)];
    if (number < 0) return std::nullopt;
    return static_cast<std::uint32_t>(number) | (abi == Abi::kX32 ? kX32Bit : 0);
  }
};

/// All that there are, by name.
std::span<const Call> calls();

/// Null for a name that no kernel has on any of the architectures.
const Call* find_call(std::string_view name);

/// The call with this number as a filter sees it; null if there is none.
const Call* find_call(Abi abi, std::uint32_t number);

/// A call that may also be made through another, which has its number as first argument and the arguments in memory,
/// out of a filter's sight: socket through socketcall(2), semop through ipc(2).
struct Carried {
  std::string_view carrier;
  std::uint32_t number;
};
std::optional<Carried> carried(const Call& call);

}  // namespace caisson::seccomp
