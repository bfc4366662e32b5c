#include "cli/container_json.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "cli/image_json.h"
#include "engine/networking.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShortCommand = 20;
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";  // as docker writes "not yet"

// "Up 2 minutes", "Exited (137) 3 seconds ago: killed by signal 9 (SIGKILL): …".
std::string status_text(const engine::Container& container, const std::optional<engine::HealthState>& health) {
  if (container.live) {
    if (container.live->next_start_ns != 0) {
      return fmt::format("Restarting ({}) {} ago", container.ending ? container.ending->exit_code : 0,
                         human_duration(now_nanoseconds() - container.live->started_ns));
    }
    if (container.live->started_ns == 0) return "Created";
    const std::string up = "Up " + human_duration(now_nanoseconds() - container.live->started_ns);
    if (container.is_paused) return up + " (Paused)";
    return health ? fmt::format("{} ({})", up, engine::health_word(health->health)) : up;
  }
  if (!container.ending && !container.record.started) return "Created";
  if (!container.ending)
    return "Exited (how is not known: the host has been restarted since, or its keeper was killed)";
  const engine::Ending& ending = *container.ending;
  const std::string text =
      fmt::format("Exited ({}) {} ago", ending.exit_code, human_duration(now_nanoseconds() - ending.finished_ns));
  return ending.reason.empty() ? text : text + ": " + ending.reason;
}

// The beginning of what is longer than kShortCommand bytes: never half a character.
std::string shortened(const std::string& text) {
  std::size_t length = kShortCommand - 1;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  return text.substr(0, length) + "…";
}

// "one=1,two="
std::string label_words(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> words;
  for (const auto& [name, value] : labels) words.push_back(name + "=" + value);
  return join(words, ",");
}

}  // namespace

std::string shown_moment(std::int64_t nanoseconds) {
  return nanoseconds == 0 ? std::string(kNever) : rfc3339(nanoseconds);
}

std::string human_duration(std::int64_t nanoseconds) {
  struct Unit {
    std::int64_t seconds;
    std::string_view word;
  };
  constexpr std::array kUnits = {Unit{365L * 86400, "year"}, Unit{30L * 86400, "month"}, Unit{7L * 86400, "week"},
                                 Unit{86400, "day"},         Unit{3600, "hour"},         Unit{60, "minute"},
                                 Unit{1, "second"}};
  const std::int64_t seconds = nanoseconds / 1'000'000'000;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = seconds / unit.seconds;
    if (count > 0) return fmt::format("{} {}{}", count, unit.word, count == 1 ? "" : "s");
  }
  return "Less than a second";
}

std::string ports_words(const engine::Record& record, const network::Holding& holding) {
  std::vector<std::string> words;
  std::vector<std::string> left = engine::exposed_ports(record);
  for (const network::HeldPort& held : holding.ports) {
    std::erase(left, container_side(held.port));
    std::vector<network::Family> families;
    for (const network::Address& container : held.containers) families.push_back(container.family);
    if (families.empty()) families.push_back(network::Family::kIpv4);
    for (const network::Family family : families)
      words.push_back(fmt::format("{}->{}", host_side(held.port, family), container_side(held.port)));
  }
  words.insert(words.end(), left.begin(), left.end());
  return join(words, ", ");
}

Json ps_row(const engine::Container& container, bool whole, const std::optional<engine::HealthState>& health) {
  const engine::Record& record = container.record;
  std::string command = join(record.command, " ");
  for (char& c : command) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;  // one line, one cell
  if (!whole && command.size() > kShortCommand) command = shortened(command);
  return {{"ID", whole ? record.id : short_id(record.id)},
          {"Names", record.name},
          {"Image", record.source},
          {"Command", command},
          {"CreatedAt", shown_moment(record.created_ns)},
          {"RunningFor", human_duration(now_nanoseconds() - record.created_ns) + " ago"},
          {"State", engine::status_word(container)},
          {"Status", status_text(container, health)},
          {"ExitCode", container.ending ? container.ending->exit_code : 0},
          {"Pid", container.live ? container.live->process.pid : 0},
          {"Networks", join(engine::networks_of(record), ",")},
          {"Ports", join(engine::exposed_ports(record), ", ")},
          {"ImageID", record.digest},
          {"Labels", label_words(record.labels)},
          {"Pod", whole ? record.pod.id : short_id(record.pod.id)},
          {"PodName", record.pod.name}};
}

}  // namespace caisson::cli
