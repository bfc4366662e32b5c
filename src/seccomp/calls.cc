#include "seccomp/calls.h"

#include <algorithm>

namespace caisson::seccomp {

namespace {

constexpr Call kCalls[] = {
#include "seccomp_data/calls.inc"
};

// Open addressing. A profile has hundreds of names, and each start of a container looks all of them up.
constexpr std::size_t kSlots = 2048;
constexpr std::uint16_t kFree = 0xffff;
static_assert(std::size(kCalls) * 2 < kSlots);

constexpr std::size_t first_slot(std::string_view name) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return (hash ^ hash >> 16) % kSlots;
}

constexpr std::array<std::uint16_t, kSlots> make_index() {
  std::array<std::uint16_t, kSlots> index{};
  index.fill(kFree);
  for (std::size_t i = 0; i < std::size(kCalls); ++i) {
    std::size_t slot = first_slot(kCalls[i].name);
    while (index[slot] != kFree) slot = (slot + 1) % kSlots;
    index[slot] = static_cast<std::uint16_t>(i);
  }
  return index;
}
constexpr std::array<std::uint16_t, kSlots> kIndex = make_index();

struct CarriedRow {
  std::string_view name;
  Carried carried;
};
// linux/net.h SYS_…, linux/ipc.h
constexpr CarriedRow kCarried[] = {
    {"socket", {"socketcall", 1}},
    {"bind", {"socketcall", 2}},
    {"connect", {"socketcall", 3}},
    {"listen", {"socketcall", 4}},
    {"accept", {"socketcall", 5}},
    {"getsockname", {"socketcall", 6}},
    {"getpeername", {"socketcall", 7}},
    {"socketpair", {"socketcall", 8}},
    {"send", {"socketcall", 9}},
    {"recv", {"socketcall", 10}},
    {"sendto", {"socketcall", 11}},
    {"recvfrom", {"socketcall", 12}},
    {"shutdown", {"socketcall", 13}},
    {"setsockopt", {"socketcall", 14}},
    {"getsockopt", {"socketcall", 15}},
    {"sendmsg", {"socketcall", 16}},
    {"recvmsg", {"socketcall", 17}},
    {"accept4", {"socketcall", 18}},
    {"recvmmsg", {"socketcall", 19}},
    {"sendmmsg", {"socketcall", 20}},
    {"semop", {"ipc", 1}},
    {"semget", {"ipc", 2}},
    {"semctl", {"ipc", 3}},
    {"semtimedop", {"ipc", 4}},
    {"msgsnd", {"ipc", 11}},
    {"msgrcv", {"ipc", 12}},
    {"msgget", {"ipc", 13}},
    {"msgctl", {"ipc", 14}},
    {"shmat", {"ipc", 21}},
    {"shmdt", {"ipc", 22}},
    {"shmget", {"ipc", 23}},
    {"shmctl", {"ipc", 24}},
};

constexpr std::array<std::int8_t, std::size(kCalls)> make_carried_index() {
  std::array<std::int8_t, std::size(kCalls)> index{};
  for (std::size_t i = 0; i < std::size(kCalls); ++i) {
    index[i] = -1;
    for (std::size_t row = 0; row < std::size(kCarried); ++row) {
      if (kCarried[row].name == kCalls[i].name) index[i] = static_cast<std::int8_t>(row);
    }
  }
  return index;
}
constexpr auto kCarriedIndex = make_carried_index();

}  // namespace

std::span<const Call> calls() { return kCalls; }

const Call* find_call(std::string_view name) {
  for (std::size_t slot = first_slot(name); kIndex[slot] != kFree; slot = (slot + 1) % kSlots) {
    if (kCalls[kIndex[slot]].name == name) return &kCalls[kIndex[slot]];
  }
  return nullptr;
}

const Call* find_call(Abi abi, std::uint32_t number) {
  const auto found =
      std::find_if(std::begin(kCalls), std::end(kCalls), [&](const Call& call) { return call.number(abi) == number; });
  return found == std::end(kCalls) ? nullptr : found;
}

std::optional<Carried> carried(const Call& call) {
  const std::int8_t row = kCarriedIndex[static_cast<std::size_t>(&call - kCalls)];
  return row < 0 ? std::nullopt : std::optional(kCarried[row].carried);
}

}  // namespace caisson::seccomp
