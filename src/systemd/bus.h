// The connection to the systemd that makes this process's units (org.freedesktop.systemd1(5), sd-bus(3)).
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::systemd {

inline constexpr const char* kService = "org.freedesktop.systemd1";
inline constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
inline constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
inline constexpr std::uint64_t kTimeoutUs = 30'000'000;  ///< of one call, and of one job

enum class Which { kSystem, kUser };

/// Whose systemd it is: the system's for root; a user's own for others, and for whoever is root only of a user
/// namespace of theirs.
Which own_manager();

struct Bus {
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
  };
  std::unique_ptr<sd_bus, Close> connection;
  Which which = Which::kSystem;
  bool is_direct = false;  ///< to systemd itself; without: over a message bus

  sd_bus* get() const { return connection.get(); }
};

/// Connects: by systemd's own socket where that is there, which needs no message bus and spares it the work; else over
/// the bus. Errors: neither is there, with the variable or the file that is missing in the hint.
Result<Bus> connect(Which which);

/// An error of sd-bus: `what` was being done; `result` is what the function gave, `error` what was answered, perhaps
/// nothing. Both are taken into the text.
Error bus_error(std::string_view what, int result, const sd_bus_error& error);

struct FreeError {
  sd_bus_error value = SD_BUS_ERROR_NULL;
  FreeError() = default;
  FreeError(const FreeError&) = delete;
  FreeError& operator=(const FreeError&) = delete;
  ~FreeError() { sd_bus_error_free(&value); }
};

/// A property of type "s" of the manager (`interface` kManager), or of another object.
Result<std::string> string_property(const Bus& bus, const char* path, const char* interface, const char* name);

}  // namespace caisson::systemd
