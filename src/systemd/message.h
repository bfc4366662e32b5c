// Words, as busctl(1) has them on its command line → values of a message.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::systemd {

struct UnrefMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

/// Takes the words of one value of type `signature` off the front of `words` and appends it: an array's number of
/// elements is before them, a variant's signature before its value.
/// Errors: a word that is not of its type; words that are missing.
Result<> append_value(sd_bus_message* message, std::string_view signature, std::span<const std::string>& words);

/// Appends an array of named values, "a(sv)": NAME SIGNATURE WORD… of each, to the end of the words.
/// Errors: those of append_value(), with the name.
Result<> append_properties(sd_bus_message* message, std::span<const std::string> words);

}  // namespace caisson::systemd
