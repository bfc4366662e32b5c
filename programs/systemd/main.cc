// systemd: talks to systemd over D-Bus, run by caisson-oci as a child, where systemd makes the cgroups.
//
// What is asked is on standard input, words that each end with a null byte (properties as busctl(1) has them: NAME
// SIGNATURE WORD…):
//
//   query                                   prints its version, "system" or "user", and the cgroup of all its units
//   start UNIT CONTROL-GROUP [PROPERTY]…    a transient unit, whose cgroup has to be that one
//   set UNIT [PROPERTY]…                    properties of a unit
//   stop UNIT
//   attach UNIT BELOW PID                   a process into the unit's cgroup, or into BELOW in it
//
// Each returns when it is done. Exit status: 0; or 1, with the error on standard output, and a hint on a second line.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"
#include "base/text.h"
#include "systemd/bus.h"
#include "systemd/unit.h"

namespace {

using namespace caisson;
using Words = std::span<const std::string>;

std::vector<std::string> read_words() {
  std::vector<std::string> words;
  std::string word;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c != '\0') {
      word += static_cast<char>(c);
    } else {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

Result<> tell_of_manager(const systemd::Bus& bus) {
  const systemd::Manager manager = TRY(systemd::query(bus));
  fmt::print("{}\n{}\n{}\n", manager.version, bus.which == systemd::Which::kUser ? "user" : "system",
             manager.control_group);
  return {};
}

Result<> attach(const systemd::Bus& bus, Words words) {
  const std::optional<std::uint64_t> pid = parse_unsigned(words[2]);
  if (!pid) return fail(complaint(fmt::format("'{}' is not a process", words[2])));
  return systemd::attach(bus, words[0], words[1], static_cast<std::uint32_t>(*pid));
}

Result<> answer(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  const Words rest = words.empty() ? Words() : Words(words).subspan(1);
  const systemd::Bus bus = TRY(systemd::connect(systemd::own_manager()));
  if (verb == "query" && rest.empty()) return tell_of_manager(bus);
  if (verb == "start" && rest.size() >= 2) return systemd::start(bus, rest[0], rest[1], rest.subspan(2));
  if (verb == "set" && !rest.empty()) return systemd::set_properties(bus, rest[0], rest.subspan(1));
  if (verb == "stop" && rest.size() == 1) return systemd::stop(bus, rest[0]);
  if (verb == "attach" && rest.size() == 3) return attach(bus, rest);
  return fail(complaint(fmt::format("not a request: '{}'", verb), "this program is run by caisson-oci"));
}

}  // namespace

int main() {
  const Result<> done = answer(read_words());
  if (!done) {
    fmt::print("{}\n", done.error().text());
    if (!done.error().hint.empty()) fmt::print("{}\n", done.error().hint);
  }
  return std::fflush(stdout) == 0 && done ? 0 : 1;
}
